package io.patchbay.vhost.frontend;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A guest with several queue pairs, all started, enabled as it likes. Frames and buffers of up to 2 KiB. */
public final class MultiqueueFrontEnd implements AutoCloseable {

    private static final int SIZE = 256;
    private static final int BUFFER = 2048;
    private static final int HEADER = 12;
    private static final long GUEST_ADDRESS = 0x8000_0000L;
    private static final long USER_ADDRESS = 0x7f00_0000_0000L;
    private static final long AVAILABLE_AT = 0x2000;
    private static final long USED_AT = 0x3000;
    private static final long BUFFERS_AT = 0x4000;
    private static final long QUEUE_BYTES = BUFFERS_AT + (long) SIZE * BUFFER;

    private final VhostClient client;
    private final Arena arena = Arena.ofShared();
    private final Fd file;
    private final MemorySegment memory;
    private final List<DriverRing> rings = new ArrayList<>();
    private final List<EventFd> kicks = new ArrayList<>();

    private MultiqueueFrontEnd(VhostClient client, int pairs) {
        this.client = client;
        long bytes = 2 * pairs * QUEUE_BYTES;
        file = SharedMemory.createMemfd("multiqueue", bytes);
        memory = SharedMemory.map(file, 0, bytes, arena);
        for (int i = 0; i < 2 * pairs; i++) {
            long at = i * QUEUE_BYTES;
            DriverRing.RingMemory parts = new DriverRing.RingMemory(
                    memory.asSlice(at, SplitRingDescriptor.descriptorsBytes(SIZE)),
                    memory.asSlice(at + AVAILABLE_AT, SplitRingDescriptor.availableBytes(SIZE)),
                    memory.asSlice(at + USED_AT, SplitRingDescriptor.usedBytes(SIZE)),
                    memory.asSlice(at + BUFFERS_AT, (long) SIZE * BUFFER),
                    GUEST_ADDRESS + at + BUFFERS_AT);
            rings.add(new SplitDriverRing(parts, SIZE, BUFFER, i % 2 == 0, false, false));
            kicks.add(EventFd.create());
        }
    }

    /** Connects and starts all pairs; none is enabled yet. */
    public static MultiqueueFrontEnd connect(String socket, int pairs) throws IOException {
        MultiqueueFrontEnd guest = new MultiqueueFrontEnd(VhostClient.connect(socket), pairs);
        guest.start();
        return guest;
    }

    private void start() throws IOException {
        long features = Feature.mask(
                Feature.VIRTIO_F_VERSION_1, Feature.VIRTIO_NET_F_MQ, Feature.VHOST_USER_F_PROTOCOL_FEATURES);
        long ack = ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK.mask();
        client.ask(Request.GET_FEATURES);
        client.tell(Request.SET_PROTOCOL_FEATURES, Message.number(ack), List.of());
        client.negotiatedReplyAck();
        client.tell(Request.SET_FEATURES, Message.number(features), List.of());
        RegionDescription region = new RegionDescription(GUEST_ADDRESS, memory.byteSize(), USER_ADDRESS, 0);
        client.tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(region)), List.of(file));
        for (int i = 0; i < rings.size(); i++) {
            long at = USER_ADDRESS + i * QUEUE_BYTES;
            client.tell(Request.SET_VRING_NUM, Message.state(i, SIZE), List.of());
            VringAddresses places = new VringAddresses(i, 0, at, at + USED_AT, at + AVAILABLE_AT, 0);
            client.tell(Request.SET_VRING_ADDR, Message.addresses(places), List.of());
            client.tell(Request.SET_VRING_BASE, Message.state(i, 0), List.of());
            DriverRing ring = rings.get(i);
            while (i % 2 == 0 && ring.free() > 0) {
                ring.offer(ring.take());
            }
            boolean _ = ring.publish();
            client.tell(
                    Request.SET_VRING_KICK,
                    Message.number(i),
                    List.of(kicks.get(i).descriptor()));
        }
    }

    /** Enables or disables a pair, as {@code ethtool -L} in a guest does. */
    public void enable(int pair, boolean on) throws IOException {
        client.tell(Request.SET_VRING_ENABLE, Message.state(2 * pair, on ? 1 : 0), List.of());
        client.tell(Request.SET_VRING_ENABLE, Message.state(2 * pair + 1, on ? 1 : 0), List.of());
    }

    /** Sends a frame from a pair; there must be room. */
    public void send(int pair, byte[] frame) {
        DriverRing ring = rings.get(2 * pair + 1);
        while (ring.next()) {
            ring.putBack(ring.usedId());
        }
        int id = ring.take();
        long at = ring.bufferOffset(id);
        ring.buffers().asSlice(at, HEADER).fill((byte) 0);
        MemorySegment.copy(frame, 0, ring.buffers(), ValueLayout.JAVA_BYTE, at + HEADER, frame.length);
        ring.offerReadable(id, HEADER + frame.length);
        if (ring.publish()) {
            kicks.get(2 * pair + 1).signal();
        }
    }

    /** The next frame that has come to a pair. */
    public Optional<byte[]> receive(int pair) {
        DriverRing ring = rings.get(2 * pair);
        if (!ring.next()) {
            return Optional.empty();
        }
        long at = ring.bufferOffset(ring.usedId()) + HEADER;
        byte[] frame = ring.buffers().asSlice(at, ring.usedLength() - HEADER).toArray(ValueLayout.JAVA_BYTE);
        ring.offer(ring.usedId());
        boolean _ = ring.publish();
        return Optional.of(frame);
    }

    @Override
    public void close() {
        client.close();
        kicks.forEach(EventFd::close);
        arena.close();
        file.close();
    }
}
