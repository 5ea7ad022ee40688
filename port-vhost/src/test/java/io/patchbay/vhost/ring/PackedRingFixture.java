package io.patchbay.vhost.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;

/** A packed ring of {@value #SIZE} descriptors as a driver, good or hostile, fills it; its buffers are in two regions, one directly behind the other. */
abstract class PackedRingFixture extends TwoRegions {

    static final int SIZE = 8;
    static final int NEXT = PackedRingDescriptor.FLAG_NEXT;
    static final int WRITE = PackedRingDescriptor.FLAG_WRITE;
    static final int INDIRECT = PackedRingDescriptor.FLAG_INDIRECT;
    static final int AVAIL = PackedRingDescriptor.FLAG_AVAIL;
    static final int USED = PackedRingDescriptor.FLAG_USED;
    static final int WRAP = PackedRingDescriptor.WRAP;

    RingPlaces places;
    PackedRing ring;
    final Chain chain = new Chain();

    @BeforeEach
    void freshRing() throws Exception {
        places = new RingPlaces(
                memory.asSlice(0, PackedRingDescriptor.descriptorsBytes(SIZE)),
                memory.asSlice(1024, PackedRingDescriptor.EVENT_BYTES),
                memory.asSlice(2048, PackedRingDescriptor.EVENT_BYTES));
        ring = ringAt(PackedRingDescriptor.FRESH, new RingFeatures(true, true, false));
    }

    PackedRing ringAt(int position, RingFeatures features) throws Exception {
        return new PackedRing(SIZE, places, features, position, GuestMemory.of(List.of(low, high)));
    }

    /** An available descriptor of the first round. */
    void descriptor(int slot, long address, long length, int id, int flags) {
        put(places.descriptors(), slot, address, length, id, flags | AVAIL);
    }

    void descriptor(int slot, int id, int flags) {
        descriptor(slot, BUFFERS + 64L * slot, 10, id, flags);
    }

    void indirect(int index, long address, long length, int flags) {
        put(memory.asSlice(PAGE, PAGE), index, address, length, 0xffff, flags);
    }

    static void put(MemorySegment table, int index, long address, long length, int id, int flags) {
        table.set(PackedRingDescriptor.U64, 16L * index, address);
        table.set(PackedRingDescriptor.U64, 16L * index + 8, length | (long) id << 32 | (long) flags << 48);
    }

    int flags(int slot) {
        return places.descriptors().get(PackedRingDescriptor.U16, 16L * slot + 14) & 0xffff;
    }

    int id(int slot) {
        return places.descriptors().get(PackedRingDescriptor.U16, 16L * slot + 12) & 0xffff;
    }

    int length(int slot) {
        return places.descriptors().get(PackedRingDescriptor.U32, 16L * slot + 8);
    }

    ChainResult read() {
        chain.clear();
        assertThat(ring.available(1)).isPositive();
        return ring.read(0, false, chain);
    }

    /** Consumes the next chain and gives it back. */
    void use(int id, int written) {
        ring.consume(1);
        ring.use(id, written);
    }
}
