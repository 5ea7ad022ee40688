package io.patchbay.testbed.bench;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.linux.Affinity;
import io.patchbay.vhost.frontend.DriverRing;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.wire.Feature;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.FutureTask;

/**
 * Packets of 64 KiB that the sender leaves to be segmented and the receiver takes whole, both ways at once, against a loop that only copies between the
 * same buffers. Run by {@code testbed/bench/in-process SegmentedBench}.
 */
final class SegmentedBench {

    private static final int BYTES = 65_226;
    private static final int VIRTIO_HEADER = 12;
    private static final int QUEUE = 256;
    private static final int WHOLE = (BYTES + VIRTIO_HEADER + 63) / 64 * 64;
    private static final int MERGED_QUEUE = 1024;
    private static final int MERGED = 2048;
    private static final int FRAMES = 24;
    private static final int WORKER = 0;
    private static final int GUESTS = 1;

    /** So few frames a second are compiled for so long. */
    private static final long WARM_UP_NANOS = 5_000_000_000L;

    private static final FrontEndSettings OFFLOADS = FrontEndSettings.MODERN.with(
            Feature.VIRTIO_NET_F_CSUM,
            Feature.VIRTIO_NET_F_GUEST_CSUM,
            Feature.VIRTIO_NET_F_HOST_TSO4,
            Feature.VIRTIO_NET_F_GUEST_TSO4);

    private final BenchSwitch board;
    private final Stations[] guests = new Stations[2];
    private final int buffersOfFrame;
    private final int piece;
    private int copied;

    private SegmentedBench(BenchSwitch board, FrontEndSettings settings, int piece) throws Exception {
        this.board = board;
        this.piece = piece;
        buffersOfFrame = (BYTES + VIRTIO_HEADER + settings.bufferBytes() - 1) / settings.bufferBytes();
        for (int i = 0; i < guests.length; i++) {
            guests[i] = new Stations(board.socket(i), settings, BYTES);
            DriverRing ring = guests[i].frontEnd().transmitRing();
            MemorySegment packet = MemorySegment.ofArray(packet(i + 1, 2 - i));
            for (int id = 0; id < ring.size(); id++) {
                MemorySegment.copy(packet, 0, ring.buffers(), ring.bufferOffset(id), packet.byteSize());
            }
        }
    }

    /** A virtio-net header that asks for segmentation into pieces of 1448 bytes, and the packet. */
    private static byte[] packet(int source, int destination) {
        byte[] bytes = new byte[VIRTIO_HEADER + BYTES];
        ByteBuffer.wrap(bytes)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(new byte[] {1, 1}) // NEEDS_CSUM, GSO_TCPV4
                .putShort((short) 54)
                .putShort((short) 1448)
                .putShort((short) 34)
                .putShort((short) 16)
                .putShort((short) 0)
                .order(ByteOrder.BIG_ENDIAN)
                .put(new byte[] {2, 0, 0, 0, 0, (byte) destination, 2, 0, 0, 0, 0, (byte) source, 8, 0, 0x45, 0})
                .putShort((short) (BYTES - 14))
                .put(new byte[] {0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, (byte) source, 10, 0, 0, (byte) destination})
                .put(VIRTIO_HEADER + 46, (byte) 0x50);
        return bytes;
    }

    /** @param arguments pairs, milliseconds of a block */
    public static void main(String[] arguments) throws Exception {
        int pairs = Integer.parseInt(arguments[0]);
        long nanos = Long.parseLong(arguments[1]) * 1_000_000;
        Affinity.pinCurrentThread(GUESTS);
        System.out.println("receive_buffers,switch_GBps,copy_GBps,ratio");
        run("whole", OFFLOADS.withSizes(QUEUE, WHOLE), pairs, nanos, WHOLE);
        FrontEndSettings mergeable = OFFLOADS.withSizes(MERGED_QUEUE, MERGED);
        run("mergeable_2048", mergeable, pairs, nanos, WHOLE);
        run("mergeable_2048_copied_by_buffer", mergeable, pairs, nanos, MERGED);
    }

    /** @param piece bytes that the loop that only copies copies at once */
    private static void run(String name, FrontEndSettings settings, int pairs, long nanos, int piece) throws Exception {
        try (BenchSwitch board =
                BenchSwitch.start(2, new MacTable(16, 300), BenchSwitch.SLEEPS_BETWEEN_BLOCKS, WORKER)) {
            SegmentedBench bench = new SegmentedBench(board, settings, piece);
            bench.round(); // flooded, and learnt from
            bench.forwardFor(WARM_UP_NANOS);
            bench.copyFor(nanos);
            for (int pair = 0; pair < pairs; pair++) {
                Halves<Double> rates = Halves.measure(pair, () -> bench.forwardFor(nanos), () -> bench.copyFor(nanos));
                System.out.printf("%s,%.2f,%.2f,%.3f%n", name, rates.first(), rates.second(), Halves.ratio(rates));
            }
            if (board.dropped() > 0) {
                throw new IllegalStateException(board.dropped() + " frames were dropped");
            }
            for (Stations guest : bench.guests) {
                guest.close();
            }
        }
    }

    /** Gigabytes a second by the median of rounds. */
    private double forwardFor(long nanos) {
        for (int i = 0; i < 20; i++) {
            round(); // until the worker is awake
        }
        long[] rounds = new long[1 << 14];
        int n = 0;
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end && n < rounds.length) {
            rounds[n++] = round();
        }
        return 2.0 * FRAMES * BYTES / Rounds.median(rounds, n);
    }

    private long round() {
        for (Stations guest : guests) {
            if (guest.free() < FRAMES) {
                throw new IllegalStateException("the switch keeps buffers");
            }
            for (int i = 0; i < FRAMES; i++) {
                guest.putAsItIs(VIRTIO_HEADER + BYTES);
            }
        }
        long start = System.nanoTime();
        guests[0].show();
        guests[1].show();
        int left = 2 * FRAMES * buffersOfFrame;
        while (left > 0) {
            left -= guests[0].take() + guests[1].take();
            if (System.nanoTime() - start > 1_000_000_000L) {
                throw new IllegalStateException(
                        left + " buffers of a round did not come; dropped so far: " + board.dropped());
            }
        }
        return System.nanoTime() - start;
    }

    /**
     * As many bytes between the same buffers of the same guests, in the order that the rings have, on the worker's processor, while this thread
     * looks for frames as in the other half: two processors may share more than memory.
     */
    private double copyFor(long nanos) {
        FutureTask<Double> copying = new FutureTask<>(() -> copyHereFor(nanos));
        Thread.ofPlatform().daemon().start(copying);
        while (!copying.isDone()) {
            if (guests[0].take() + guests[1].take() > 0) {
                throw new IllegalStateException("frames came from nowhere");
            }
        }
        return copying.resultNow();
    }

    private double copyHereFor(long nanos) {
        Affinity.pinCurrentThread(WORKER);
        long end = System.nanoTime() + nanos;
        long[] rounds = new long[1 << 14];
        int n = 0;
        while (System.nanoTime() < end && n < rounds.length) {
            long start = System.nanoTime();
            for (int i = 0; i < FRAMES; i++) {
                copy(guests[0].frontEnd(), guests[1].frontEnd());
                copy(guests[1].frontEnd(), guests[0].frontEnd());
                copied++;
            }
            rounds[n++] = System.nanoTime() - start;
        }
        return 2.0 * FRAMES * BYTES / Rounds.median(rounds, n);
    }

    private void copy(FrontEnd from, FrontEnd to) {
        DriverRing sent = from.transmitRing();
        DriverRing received = to.receiveRing();
        long at = sent.bufferOffset(copied % sent.size());
        int places = received.size() / buffersOfFrame;
        long place = received.bufferOffset(copied % places * buffersOfFrame);
        int bytes = BYTES + VIRTIO_HEADER;
        for (int done = 0; done < bytes; done += piece) {
            int n = Math.min(piece, bytes - done);
            MemorySegment.copy(sent.buffers(), at + done, received.buffers(), place + done, n);
        }
    }
}
