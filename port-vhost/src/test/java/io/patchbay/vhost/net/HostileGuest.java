package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.frontend.VhostClient;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

/**
 * A guest that writes into its rings whatever a test wants, and can take any part of its memory away: each part is a file of its own, and not
 * sealed.
 */
final class HostileGuest implements AutoCloseable {

    static final int RX = 0;
    static final int TX = 1;
    static final long DEFAULT_FEATURES = Feature.mask(
            Feature.VHOST_USER_F_PROTOCOL_FEATURES,
            Feature.VIRTIO_F_VERSION_1,
            Feature.VIRTIO_NET_F_MRG_RXBUF,
            Feature.VIRTIO_F_INDIRECT_DESC,
            Feature.VIRTIO_F_EVENT_IDX);
    static final int PART_BYTES = 1 << 20;

    /** The parts of its memory, one region each. */
    enum Part {
        RX_DESCRIPTORS,
        RX_AVAILABLE,
        RX_USED,
        TX_DESCRIPTORS,
        TX_AVAILABLE,
        TX_USED,
        TABLES,
        BUFFERS;

        /** Guest-physical; the parts lie apart. */
        long guestAddress() {
            return 0x4000_0000L + ordinal() * 4L * PART_BYTES;
        }

        long userAddress() {
            return 0x7f00_0000_0000L + ordinal() * 4L * PART_BYTES;
        }

        RegionDescription region() {
            return new RegionDescription(guestAddress(), PART_BYTES, userAddress(), 0);
        }
    }

    private static final VarHandle U16 = SplitRingAccess.U16.varHandle();

    private final VhostClient client;
    private final int size;
    private final Arena arena = Arena.ofShared();
    private final List<Fd> files = new ArrayList<>();
    private final List<MemorySegment> memory = new ArrayList<>();
    private final int[] shown = new int[2];
    private final EventFd[] kicks = {EventFd.create(), EventFd.create()};
    private final EventFd[] calls = {EventFd.create(), EventFd.create()};

    /** Layouts as a driver uses them. */
    private static final class SplitRingAccess {
        static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT;
        static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG;
    }

    private HostileGuest(VhostClient client, int size) {
        this.client = client;
        this.size = size;
        for (Part part : Part.values()) {
            Fd file = SharedMemory.createMemfd("hostile-" + part, PART_BYTES);
            files.add(file);
            memory.add(SharedMemory.map(file, 0, PART_BYTES, arena));
        }
    }

    static HostileGuest connect(String socket) throws IOException {
        return connect(socket, DEFAULT_FEATURES, 256);
    }

    /** Connects, and starts both queues with empty rings. */
    static HostileGuest connect(String socket, long features, int size) throws IOException {
        HostileGuest guest = new HostileGuest(VhostClient.connect(socket), size);
        try {
            guest.negotiate(features);
            guest.start(RX);
            guest.start(TX);
            guest.settle();
            return guest;
        } catch (IOException | RuntimeException e) {
            guest.close();
            throw e;
        }
    }

    private void negotiate(long features) throws IOException {
        client().tell(Request.SET_OWNER, new byte[0], List.of());
        client().tell(Request.SET_FEATURES, Message.number(features), List.of());
        List<RegionDescription> regions = new ArrayList<>();
        for (Part part : Part.values()) {
            regions.add(part.region());
        }
        client().tell(Request.SET_MEM_TABLE, Message.memoryTable(regions), files);
    }

    private void start(int ring) throws IOException {
        client().tell(Request.SET_VRING_NUM, Message.state(ring, size), List.of());
        client().tell(Request.SET_VRING_BASE, Message.state(ring, 0), List.of());
        client().tell(
                        Request.SET_VRING_ADDR,
                        Message.addresses(new VringAddresses(
                                ring,
                                0,
                                descriptors(ring).userAddress(),
                                used(ring).userAddress(),
                                available(ring).userAddress(),
                                0)),
                        List.of());
        client().tell(Request.SET_VRING_CALL, Message.number(ring), List.of(calls[ring].descriptor()));
        client().tell(Request.SET_VRING_KICK, Message.number(ring), List.of(kicks[ring].descriptor()));
        client().tell(Request.SET_VRING_ENABLE, Message.state(ring, 1), List.of());
    }

    /** Waits until everything told so far has been done. */
    void settle() throws IOException {
        client().ask(Request.GET_FEATURES);
    }

    static Part descriptors(int ring) {
        return ring == RX ? Part.RX_DESCRIPTORS : Part.TX_DESCRIPTORS;
    }

    static Part available(int ring) {
        return ring == RX ? Part.RX_AVAILABLE : Part.TX_AVAILABLE;
    }

    static Part used(int ring) {
        return ring == RX ? Part.RX_USED : Part.TX_USED;
    }

    VhostClient client() {
        return client;
    }

    /** Removes a part of its memory from the device's and adds it again. */
    void remap(Part part) throws IOException {
        client().tell(Request.REM_MEM_REG, Message.singleRegion(part.region()), List.of());
        client().tell(Request.ADD_MEM_REG, Message.singleRegion(part.region()), List.of(files.get(part.ordinal())));
    }

    int size() {
        return size;
    }

    MemorySegment memory(Part part) {
        return memory.get(part.ordinal());
    }

    /** Changes the size of a part's file. */
    void truncate(Part part, long bytes) {
        FileCalls.truncate(files.get(part.ordinal()), bytes);
    }

    /** Where buffer {@code i} is, 2 KiB each. */
    static long buffer(int i) {
        return Part.BUFFERS.guestAddress() + i * 2048L;
    }

    /** Puts a frame behind an empty header of 12 bytes into buffer {@code i}; gives the bytes of both. */
    int put(int i, byte[] frame) {
        MemorySegment to = memory(Part.BUFFERS).asSlice(i * 2048L, 2048);
        to.asSlice(0, 12).fill((byte) 0);
        MemorySegment.copy(frame, 0, to, ValueLayout.JAVA_BYTE, 12, frame.length);
        return 12 + frame.length;
    }

    void descriptor(int ring, int index, long address, long length, int flags, int next) {
        write(memory(descriptors(ring)), index, address, length, flags, next);
    }

    /** An entry of the table at the beginning of the tables' part. */
    void indirect(int index, long address, long length, int flags, int next) {
        write(memory(Part.TABLES), index, address, length, flags, next);
    }

    private static void write(MemorySegment table, int index, long address, long length, int flags, int next) {
        table.set(SplitRingAccess.U64, 16L * index, address);
        table.set(SplitRingAccess.U64, 16L * index + 8, length | (long) flags << 32 | (long) next << 48);
    }

    void offer(int ring, int slot, int head) {
        memory(available(ring))
                .set(SplitRingAccess.U16, SplitRingDescriptor.availableEntry(slot & size - 1), (short) head);
    }

    /** Shows an available index and kicks. */
    void publish(int ring, int index) {
        VarHandle.releaseFence();
        memory(available(ring)).set(SplitRingAccess.U16, SplitRingDescriptor.AVAILABLE_INDEX, (short) index);
        kick(ring);
    }

    /** Shows an available index and leaves it at that. */
    void publishQuietly(int ring, int index) {
        VarHandle.releaseFence();
        memory(available(ring)).set(SplitRingAccess.U16, SplitRingDescriptor.AVAILABLE_INDEX, (short) index);
    }

    int usedIndex(int ring) {
        return (short) U16.getAcquire(memory(used(ring)), (long) SplitRingDescriptor.USED_INDEX) & 0xffff;
    }

    /** Makes all entries but one available again once all have been used; what it reads of memory that has gone does not get into the ring. */
    synchronized void offerAgain(int ring) {
        if (usedIndex(ring) == shown[ring]) {
            shown[ring] = shown[ring] + size - 1 & 0xffff;
            publish(ring, shown[ring]);
        }
    }

    /** Makes the entry available that {@link #offerAgain} keeps back, whatever has become of the others. */
    synchronized void offerLast(int ring) {
        shown[ring] = shown[ring] + 1 & 0xffff;
        publish(ring, shown[ring]);
    }

    void kick(int ring) {
        kicks[ring].signal();
    }

    /** The descriptor the device rings; ours too. */
    EventFd call(int ring) {
        return calls[ring];
    }

    /** Makes every entry of the receive ring a buffer of {@code bytes} and posts them all. */
    void postReceiveBuffers(int bytes) {
        for (int i = 0; i < size; i++) {
            descriptor(RX, i, buffer(i), bytes, SplitRingDescriptor.FLAG_WRITE, 0);
            offer(RX, i, i);
        }
        shown[RX] = usedIndex(RX) + size & 0xffff;
        publish(RX, shown[RX]);
    }

    @Override
    public void close() {
        client.close();
        for (int i = 0; i < 2; i++) {
            kicks[i].close();
            calls[i].close();
        }
        arena.close();
        files.forEach(Fd::close);
    }
}
