package io.patchbay.testbed.bench;

import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.PacketSocket;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.wire.Feature;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Packets of 64 KiB, left to be segmented, from devices of the host through switches to guests that take them whole. One thread sends and receives: so
 * many are on their way that none is lost. Told by {@code testbed/bench/uplinks}, line by line: {@code start SIDE}, {@code rate}, {@code stop}.
 */
final class SegmentsIn {

    private static final int SEGMENT = 1460;
    private static final int HEADERS = 54;
    private static final int BYTES = HEADERS + 42 * SEGMENT;
    private static final int VIRTIO_HEADER = 12;
    private static final int WHOLE = (BYTES + VIRTIO_HEADER + 63) / 64 * 64;
    private static final int QUEUE = 64;
    private static final int IN_FLIGHT = 16;
    private static final int SEND_BUFFER = 8 << 20;

    /** A frame that has not come by then will not come. */
    private static final long LOST_NANOS = 200_000_000;

    private static final FrontEndSettings GUEST = FrontEndSettings.MODERN
            .with(Feature.VIRTIO_NET_F_GUEST_CSUM, Feature.VIRTIO_NET_F_GUEST_TSO4)
            .withSizes(QUEUE, WHOLE);

    private final PacketSocket socket;
    private final FrontEnd guest;
    private final FrameBatch[] batches = new FrameBatch[IN_FLIGHT + 1];
    private int onTheirWay;
    private long lastArrival = System.nanoTime();

    private static volatile int side = -1;
    private static volatile boolean stands = true;
    private static final AtomicLong RECEIVED = new AtomicLong();
    private static final AtomicLong LOST = new AtomicLong();

    private SegmentsIn(String device, String guestSocket) throws IOException {
        PacketSocket.Options options = new PacketSocket.Options(true, 4096, Optional.of(SEND_BUFFER), true);
        socket = PacketSocket.open(device, NetDevice.info(device).index(), options);
        guest = FrontEnd.connect(guestSocket, GUEST, 64);
        MemorySegment frame = frame();
        for (int n = 0; n < batches.length; n++) {
            batches[n] = new FrameBatch();
            for (int i = 0; i < n; i++) {
                batches[n].add(frame, 0, (int) frame.byteSize());
                batches[n].end((int) frame.byteSize());
            }
        }
    }

    /** A header that leaves checksum and segmentation to others, and the packet, for the guest. */
    private static MemorySegment frame() {
        ByteBuffer bytes = ByteBuffer.allocate(PacketSocket.HEADER_BYTES + BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {1, 1}) // NEEDS_CSUM, GSO_TCPV4
                .putShort((short) HEADERS)
                .putShort((short) SEGMENT)
                .putShort((short) 34)
                .putShort((short) 16)
                .order(ByteOrder.BIG_ENDIAN)
                .put(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9, 8, 0, 0x45, 0})
                .putShort((short) (BYTES - 14))
                .put(new byte[] {0, 0, 0x40, 0, 64, 6, 0x36, (byte) 0xa3, 10, 77, 0, 9, 10, 77, 0, 2})
                .put(PacketSocket.HEADER_BYTES + 46, (byte) 0x50)
                .put(PacketSocket.HEADER_BYTES + 47, (byte) 0x10);
        MemorySegment frame = Arena.ofAuto().allocate(bytes.capacity());
        frame.copyFrom(MemorySegment.ofArray(bytes.array()));
        return frame;
    }

    /** So that the switch knows where the guest is. */
    private void announce() {
        byte[] frame = new byte[60];
        ByteBuffer.wrap(frame).put(new byte[] {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, (byte) 0x88, (byte) 0xb5});
        if (!guest.send(frame)) {
            throw new IllegalStateException("the switch keeps buffers");
        }
    }

    private void turn() {
        int room = IN_FLIGHT - onTheirWay;
        if (room >= IN_FLIGHT / 4) {
            int sent = socket.send(batches[room], 0);
            onTheirWay += Math.max(sent, 0);
        }
        int came = guest.takeAll();
        long now = System.nanoTime();
        if (came > 0) {
            onTheirWay = Math.max(0, onTheirWay - came); // one taken for lost may have been late
            RECEIVED.addAndGet(came);
            lastArrival = now;
        } else if (now - lastArrival > LOST_NANOS) {
            LOST.addAndGet(onTheirWay);
            onTheirWay = 0;
            lastArrival = now;
        }
    }

    /** @param arguments a device and the socket of a guest's port, of each switch */
    public static void main(String[] arguments) throws Exception {
        SegmentsIn[] sides = new SegmentsIn[arguments.length / 2];
        for (int i = 0; i < sides.length; i++) {
            sides[i] = new SegmentsIn(arguments[2 * i], arguments[2 * i + 1]);
        }
        Thread.ofPlatform().daemon().start(() -> carry(sides));
        System.out.println("Ready.");
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        long before = 0;
        long since = 0;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (line.equals("rate")) {
                long now = System.nanoTime();
                long frames = RECEIVED.get();
                System.out.printf(
                        "rate: %d lost: %d%n",
                        (long) ((frames - before) * (double) BYTES * 1e9 / (now - since)), LOST.get());
                before = frames;
                since = now;
            } else if (line.equals("stop")) {
                side = -1;
                while (!stands) {
                    Thread.onSpinWait();
                }
                System.out.println("Done.");
            } else {
                side = Integer.parseInt(line.substring("start ".length()));
                System.out.println("Started.");
            }
        }
    }

    @SuppressWarnings("InfiniteLoopStatement")
    private static void carry(SegmentsIn[] sides) {
        int current = -1;
        while (true) {
            int wanted = side;
            if (wanted != current) {
                current = wanted;
                stands = wanted < 0;
                if (wanted >= 0) {
                    sides[wanted].announce();
                }
            }
            if (current >= 0) {
                sides[current].turn();
            } else {
                Thread.onSpinWait();
            }
        }
    }
}
