package io.patchbay.vhost.ring;

import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_BYTES;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_REST;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_WRITE;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U64;

import java.lang.foreign.MemorySegment;

/**
 * The chains of a packed virtqueue that were given back, until the driver is shown them all at once: a used descriptor for each or, with
 * VIRTIO_F_IN_ORDER, one for all of them (virtio 1.3 §2.8.9).
 *
 * <p>A driver takes used descriptors in order, so all but the first are written as they come: none of them is seen before that one is.
 */
final class PackedUsed {

    private final boolean batches;
    private final MemorySegment descriptors;
    private final PackedChains chains;

    /** Where the next chain is, and its running number. */
    private final PackedCursor at;

    private int next;

    /** Where the driver knows us to be. */
    private int shown;

    /** Descriptors passed since then. */
    private int moved;

    /** Second half of the descriptor by which they will be shown, but for batches; of those, the id of the buffer used last. */
    private long firstRest;

    private int lastId;

    /** @param position of the next descriptor to be used */
    PackedUsed(int size, boolean batches, MemorySegment descriptors, int position, PackedChains chains) {
        this.batches = batches;
        this.descriptors = descriptors;
        this.chains = chains;
        this.at = new PackedCursor(size, position);
        this.shown = position;
    }

    /** Gives the next chain back. */
    void add(int id, int written) {
        int count = PackedChains.count(chains.extent(next));
        if (batches) {
            lastId = id;
        } else {
            long rest = rest(written, id, flags(at.wrap(), count, written));
            if (moved == 0) {
                firstRest = rest;
            } else {
                // BOUNDS: positions are below the size.
                descriptors.set(U64, restOf(at.index()), rest);
            }
        }
        pass(1, count);
    }

    /** The same of the next chains, which chains {@code from} to {@code from + n - 1} of a batch are. */
    void addAll(ChainBatch batch, int from, int n) {
        if (n == 0) {
            return;
        }
        if (!chains.areSingle()) {
            for (int i = 0; i < n; i++) {
                add(batch.head(from + i), batch.written(from + i));
            }
            return;
        }
        if (batches) {
            lastId = batch.head(from + n - 1);
        } else {
            putAll(batch, from, n);
        }
        pass(n, n);
    }

    private void putAll(ChainBatch batch, int from, int n) {
        int untilEnd = at.untilEnd(n);
        // The cache line of the first last: there the driver polls, and each of its looks takes the line away from us.
        putRun(0, !at.wrap(), batch, from + untilEnd, n - untilEnd);
        if (moved > 0) {
            putRun(at.index(), at.wrap(), batch, from, untilEnd);
        } else {
            putRun(at.index() + 1, at.wrap(), batch, from + 1, untilEnd - 1);
            int written = batch.written(from);
            firstRest = rest(written, batch.head(from), flags(at.wrap(), 1, written));
        }
    }

    /** Writes descriptors that do not go round the end, from the last to the first. */
    private void putRun(int index, boolean wrap, ChainBatch batch, int from, int n) {
        long nothing = rest(0, 0, flags(wrap, 1, 0));
        long something = rest(0, 0, flags(wrap, 1, 1));
        long first = restOf(index);
        for (int i = n - 1; i >= 0; i--) {
            int written = batch.written(from + i);
            long id = (long) batch.head(from + i) << 32;
            // BOUNDS: positions are below the size.
            descriptors.set(
                    U64, first + (long) i * DESCRIPTOR_BYTES, (written > 0 ? something : nothing) | id | written);
        }
    }

    private void pass(int passedChains, int passedDescriptors) {
        next += passedChains;
        moved += passedDescriptors;
        at.pass(passedDescriptors);
    }

    private static int flags(boolean wrap, int count, int written) {
        return PackedRingDescriptor.usedFlags(wrap, count) | (written > 0 ? FLAG_WRITE : 0);
    }

    private static long rest(int length, int id, int flags) {
        return (length & 0xffff_ffffL) | (long) id << 32 | (long) flags << 48;
    }

    private static long restOf(int descriptor) {
        return (long) descriptor * DESCRIPTOR_BYTES + DESCRIPTOR_REST;
    }

    /** Descriptors that the driver was not shown yet. */
    int moved() {
        return moved;
    }

    /** The descriptor by which the driver is shown all of them. */
    int first() {
        return PackedRingDescriptor.index(shown);
    }

    /** How many descriptors are written, from the first. */
    int written() {
        return batches ? 1 : moved;
    }

    /** Shows the driver all of them, in one store: if we are killed now, the first is as the driver wrote it, or used. */
    void show() {
        // Of buffers that nothing was written to drivers ignore the length (§2.8.4); it says how many descriptors a
        // batch had.
        long rest = batches
                ? rest(moved, lastId, PackedRingDescriptor.usedFlags(PackedRingDescriptor.wrap(shown), 1))
                : firstRest;
        descriptors.set(U64, restOf(first()), rest);
        shown = position();
        chains.freeUntil(next, moved);
        moved = 0;
    }

    /** Position that the driver knows. */
    int shown() {
        return shown;
    }

    /** Position of the next descriptor to be used. */
    int position() {
        return at.position();
    }
}
