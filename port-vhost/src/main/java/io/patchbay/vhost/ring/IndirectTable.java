package io.patchbay.vhost.ring;

import static io.patchbay.vhost.ring.SplitRingDescriptor.DESCRIPTOR_ADDRESS;
import static io.patchbay.vhost.ring.SplitRingDescriptor.DESCRIPTOR_BYTES;
import static io.patchbay.vhost.ring.SplitRingDescriptor.DESCRIPTOR_REST;
import static io.patchbay.vhost.ring.SplitRingDescriptor.U64_ANYWHERE;

import io.patchbay.vhost.memory.GuestMemory;
import java.lang.foreign.MemorySegment;

/**
 * A table of descriptors in a guest's memory, of a ring of either layout (virtio 1.3 §2.7.5.3, §2.8.7): a descriptor as two halves, which are as long in both
 * layouts. Nothing says that a table is aligned.
 *
 * <p>A table may cross from one region into the next, a descriptor not: regions are made of pages. Confined to the worker that owns the queue.
 */
final class IndirectTable {

    private final GuestMemory memory;
    private int region;
    private long table;
    private long address;
    private long rest;

    IndirectTable(GuestMemory memory) {
        this.memory = memory;
    }

    /**
     * Goes to a table.
     *
     * @param at guest-physical, any value
     * @param bytes 0 to 2^32 - 1
     * @return how many descriptors it has; 0 if that is not so
     */
    long begin(long at, long bytes) {
        table = at;
        long count = bytes / DESCRIPTOR_BYTES;
        return count * DESCRIPTOR_BYTES == bytes ? count : 0;
    }

    /** Reads a descriptor, each half once; false if it is not in the guest's memory. */
    boolean read(long index) {
        long at = table + index * DESCRIPTOR_BYTES;
        int found = memory.find(at, region);
        if (found == GuestMemory.OUTSIDE) {
            return false;
        }
        region = found;
        long offset = memory.offset(found, at);
        if (memory.room(found, offset) < DESCRIPTOR_BYTES) {
            return false;
        }
        MemorySegment base = memory.memory(found);
        address = base.get(U64_ANYWHERE, offset + DESCRIPTOR_ADDRESS);
        rest = base.get(U64_ANYWHERE, offset + DESCRIPTOR_REST);
        return true;
    }

    /** The first half of the descriptor read last. */
    long address() {
        return address;
    }

    /** The second half, which is the ring's layout's own. */
    long rest() {
        return rest;
    }
}
