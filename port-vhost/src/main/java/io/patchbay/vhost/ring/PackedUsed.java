package io.patchbay.vhost.ring;

import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_BYTES;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_REST;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_WRITE;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U64;

import java.lang.foreign.MemorySegment;

/**
 * The chains of a packed virtqueue that were given back, until the driver is shown them all at once: a used descriptor for each or, with
 * VIRTIO_F_IN_ORDER, one for all of them (virtio 1.3 §2.8.9).
 */
final class PackedUsed {

    private final int size;
    private final boolean batches;
    private final MemorySegment descriptors;
    private final PackedChains chains;

    /** Second halves of the used descriptors that are not shown yet, by running number of their chain. */
    private final long[] rests;

    private final int mask;

    private int next;
    private int nextToShow;

    private int index;
    private boolean wrap;

    /** Where the driver knows us to be. */
    private int shown;

    /** Descriptors passed since then. */
    private int moved;

    /** Of the buffer used last, where batches are shown by that. */
    private int lastId;

    /** @param at the position of the next descriptor to be used */
    PackedUsed(int size, boolean batches, MemorySegment descriptors, int at, PackedChains chains) {
        this.size = size;
        this.batches = batches;
        this.descriptors = descriptors;
        this.chains = chains;
        this.rests = new long[batches ? 1 : PackedChains.capacity(size)];
        this.mask = rests.length - 1;
        this.index = PackedRingDescriptor.index(at);
        this.wrap = PackedRingDescriptor.wrap(at);
        this.shown = at;
    }

    /** Notes that the next chain is used. */
    void add(int id, int written) {
        int count = PackedChains.count(chains.extent(next));
        lastId = id;
        rests[next & mask] = rest(written, id, flags(wrap, count, written));
        next++;
        pass(count);
    }

    /** The same of the next chains, which chains {@code from} to {@code from + n} of a batch are. */
    void addAll(ChainBatch batch, int from, int n) {
        int at = index;
        boolean round = wrap;
        int passed = 0;
        boolean single = chains.areSingle();
        for (int i = 0; i < n; i++) {
            int count = single ? 1 : PackedChains.count(chains.extent(next + i));
            int written = batch.written(from + i);
            rests[next + i & mask] = rest(written, batch.head(from + i), flags(round, count, written));
            passed += count;
            at += count;
            if (at >= size) {
                at -= size;
                round = !round;
            }
        }
        if (n > 0) {
            lastId = batch.head(from + n - 1);
        }
        next += n;
        index = at;
        wrap = round;
        moved += passed;
    }

    private void pass(int count) {
        moved += count;
        index += count;
        if (index >= size) {
            index -= size;
            wrap = !wrap;
        }
    }

    private static int flags(boolean wrap, int count, int written) {
        return PackedRingDescriptor.usedFlags(wrap, count) | (written > 0 ? FLAG_WRITE : 0);
    }

    private static long rest(int length, int id, int flags) {
        return (length & 0xffff_ffffL) | (long) id << 32 | (long) flags << 48;
    }

    /** Descriptors that the driver was not shown yet. */
    int moved() {
        return moved;
    }

    /** Chains that the driver was not shown yet. */
    int chains() {
        return next - nextToShow;
    }

    /** The descriptor by which the driver is shown all of them. */
    int first() {
        return PackedRingDescriptor.index(shown);
    }

    /** How many descriptors are written, from the first. */
    int written() {
        return batches ? 1 : moved;
    }

    /**
     * Writes all used descriptors but the first, in one sweep when all are known, and the cache line of the first last: that line is where the
     * driver polls, and each of its looks takes it away from us.
     */
    void writeAllButFirst() {
        if (batches) {
            return;
        }
        int at = index;
        boolean single = chains.areSingle();
        for (int i = next - 1; i != nextToShow; i--) {
            at -= single ? 1 : PackedChains.count(chains.extent(i));
            at = at < 0 ? at + size : at;
            descriptors.set(U64, restOf(at), rests[i & mask]);
        }
    }

    /** Writes the first, all of it in one store: if we are killed now, it is as the driver wrote it, or used. */
    void writeFirst() {
        // Of buffers that nothing was written to drivers ignore the length (§2.8.4); it says how many descriptors a
        // batch had.
        long rest = batches
                ? rest(moved, lastId, PackedRingDescriptor.usedFlags(PackedRingDescriptor.wrap(shown), 1))
                : rests[nextToShow & mask];
        descriptors.set(U64, restOf(first()), rest);
        shown = position();
        nextToShow = next;
        moved = 0;
    }

    private static long restOf(int descriptor) {
        return (long) descriptor * DESCRIPTOR_BYTES + DESCRIPTOR_REST;
    }

    /** Position that the driver knows. */
    int shown() {
        return shown;
    }

    /** Position of the next descriptor to be used. */
    int position() {
        return PackedRingDescriptor.position(index, wrap);
    }
}
