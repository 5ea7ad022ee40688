package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.frontend.DirtyLogReader;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.ring.PackedRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** A copy of a guest's memory that is kept up to date from the log alone: what the destination of a migration has. */
final class MigrationDestination implements AutoCloseable {

    private static final long PAGE = 4096;
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final FrontEnd guest;
    private final boolean packed;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment copy;
    private final BitSet everLogged = new BitSet();

    MigrationDestination(FrontEnd guest, long features) {
        this.guest = guest;
        this.packed = (features & Feature.VIRTIO_F_RING_PACKED.mask()) != 0;
        copy = arena.allocate(guest.memory().byteSize(), PAGE);
        takeAll();
    }

    /** The first copy of all memory, logged or not. */
    void takeAll() {
        copy.copyFrom(guest.memory());
    }

    void update(DirtyLogReader log) {
        long first = guest.region().guestAddress() / PAGE;
        log.take(page -> {
            everLogged.set((int) (page - first)); // fails for a page before the guest's memory
            long at = (page - first) * PAGE;
            MemorySegment.copy(guest.memory(), at, copy, at, PAGE);
        });
    }

    private long offset(MemorySegment part) {
        return part.address() - guest.memory().address();
    }

    void assertSameWhereTheDeviceWrites() {
        for (MemorySegment part : guest.writtenByDevice()) {
            long at = offset(part);
            long different = part.mismatch(copy.asSlice(at, part.byteSize()));
            assertThat(different)
                    .as("first byte in the part of memory at 0x%x that was written and not logged", at)
                    .isEqualTo(-1);
        }
        if (packed) {
            guest.descriptors().forEach(this::assertSameUsedDescriptors);
        }
    }

    /** The driver writes to these rings too, which its own VMM would notice: what counts is what the device wrote last. */
    private void assertSameUsedDescriptors(MemorySegment ring) {
        for (long at = 0; at < ring.byteSize(); at += PackedRingDescriptor.DESCRIPTOR_BYTES) {
            int flags = ring.get(U16, at + PackedRingDescriptor.DESCRIPTOR_FLAGS);
            boolean available = (flags & PackedRingDescriptor.FLAG_AVAIL) != 0;
            boolean used = (flags & PackedRingDescriptor.FLAG_USED) != 0;
            if (available == used) {
                long rest = at + PackedRingDescriptor.DESCRIPTOR_REST;
                assertThat(copy.get(U64, offset(ring) + rest))
                        .as("used descriptor %d", at / PackedRingDescriptor.DESCRIPTOR_BYTES)
                        .isEqualTo(ring.get(U64, rest));
            }
        }
    }

    void assertNothingElseWasLogged() {
        BitSet others = (BitSet) everLogged.clone();
        List<MemorySegment> parts = new ArrayList<>(guest.writtenByDevice());
        if (packed) {
            parts.addAll(guest.descriptors());
        }
        for (MemorySegment part : parts) {
            long at = offset(part);
            others.clear((int) (at / PAGE), (int) ((at + part.byteSize() + PAGE - 1) / PAGE));
        }
        assertThat(others).as("pages logged that the device never writes").isEqualTo(new BitSet());
    }

    boolean logged(MemorySegment part) {
        int first = (int) (offset(part) / PAGE);
        int next = everLogged.nextSetBit(first);
        return next >= 0 && next < (offset(part) + part.byteSize() + PAGE - 1) / PAGE;
    }

    @Override
    public void close() {
        arena.close();
    }
}
