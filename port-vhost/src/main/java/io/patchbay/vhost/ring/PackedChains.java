package io.patchbay.vhost.ring;

import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_BYTES;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_FLAGS;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_AVAIL;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_NEXT;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_USED;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U16;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Which chains the driver of a packed virtqueue has made available, as far as they were seen and are not shown as used, in order.
 *
 * <p>A chain is an <em>extent</em>: its first descriptor and how many it has. Where it ends is decided once, when its head is seen to be available, and
 * kept: what a guest does to NEXT flags after that changes nothing. While each chain is a single descriptor, as nearly always, extents follow from each
 * other and are not written down.
 *
 * <p>Flags are read as 16 bits and only ever tested, never computed with (package io.patchbay.vhost.memory).
 */
final class PackedChains {

    /** In an extent: the first descriptor below, the number of descriptors above. */
    private static final int COUNT_SHIFT = 15;

    private static final int ONE = 1 << COUNT_SHIFT;

    /** The flags by which a chain of a single descriptor that is available differs from anything else. */
    private static final int FLAGS_THAT_MATTER = FLAG_AVAIL | FLAG_USED | FLAG_NEXT;

    private final int size;
    private final MemorySegment descriptors;

    /** By running number; each chain is at least one descriptor, so there are at most {@link #size}. Valid unless all are {@linkplain #areSingle single}. */
    private final int[] extents;

    private final int mask;

    /** Running number of the oldest chain, and its first descriptor. */
    private int oldest;

    private int oldestDescriptor;

    /** Running number of the next chain to be consumed. */
    private int next;

    private int known;

    /** Descriptors of all these chains. */
    private int held;

    /** The next descriptor to be looked at for a head. */
    private final PackedCursor scan;

    private boolean endless;

    /** @param at position of the first descriptor to be looked at */
    PackedChains(int size, MemorySegment descriptors, int at) {
        this.size = size;
        this.descriptors = descriptors;
        this.extents = new int[Math.max(1, Integer.highestOneBit(size - 1) << 1)];
        this.mask = extents.length - 1;
        this.scan = new PackedCursor(size, at);
        this.oldestDescriptor = scan.index();
    }

    /** How many chains were seen and not consumed, after a look for so many. */
    int available(int wanted) {
        if (known < wanted && !endless && isAnother()) {
            lookForSingles(wanted);
            lookForChains(wanted);
        }
        return known;
    }

    /** Looked at by itself: mostly there is none or many, and the compiler shall make the sweep below for many. */
    private boolean isAnother() {
        return held < size
                && PackedRingDescriptor.isAvailable(descriptors.get(U16, flagsOf(scan.index())), scan.wrap());
    }

    int known() {
        return known;
    }

    /** Whether a chain has no end, so that what comes behind it can never be found. */
    boolean isEndless() {
        return endless;
    }

    /** In one sweep, with nothing in between, up to the first descriptor that is not available, or not alone. */
    private void lookForSingles(int wanted) {
        int left = Math.min(wanted - known, size - held);
        boolean more = true;
        while (more && left > 0) {
            int untilEnd = scan.untilEnd(left);
            int found = singles(untilEnd);
            left -= found;
            more = found == untilEnd;
            add(found);
        }
        // ORDER: what is read of these chains from now on is at least as new as their flags.
        VarHandle.acquireFence();
    }

    /** How many single descriptors are available from the next on, of so many before the end of the ring. */
    private int singles(int most) {
        long first = flagsOf(scan.index());
        int available = scan.wrap() ? FLAG_AVAIL : FLAG_USED;
        for (int i = 0; i < most; i++) {
            int flags = descriptors.get(U16, first + (long) i * DESCRIPTOR_BYTES);
            if ((flags & FLAGS_THAT_MATTER) != available) {
                return i;
            }
        }
        return most;
    }

    private void add(int singles) {
        boolean single = areSingle();
        for (int i = 0; i < singles && !single; i++) {
            extents[next + known + i & mask] = (scan.index() + i) | ONE;
        }
        known += singles;
        hold(singles);
    }

    private void hold(int count) {
        held += count;
        scan.pass(count);
    }

    private void lookForChains(int wanted) {
        while (known < wanted && held < size) {
            int head = scan.index();
            int flags = descriptors.get(U16, flagsOf(head));
            if (!PackedRingDescriptor.isAvailable(flags, scan.wrap())) {
                return;
            }
            // ORDER: the rest of the chain must be at least as new as the flags of its head.
            VarHandle.acquireFence();
            int count = countFrom(head, flags);
            if (count == 0) {
                endless = true;
                return;
            }
            if (areSingle()) {
                writeDown();
            }
            extents[next + known & mask] = head | count << COUNT_SHIFT;
            known++;
            hold(count);
        }
    }

    /** Writes down the extents of chains that were single so far: there will be one that is not. */
    private void writeDown() {
        for (int chain = oldest; chain != next + known; chain++) {
            extents[chain & mask] = extent(chain);
        }
    }

    /**
     * Descriptors of the chain that begins here; 0 if it does not end before what is held already begins, or within what a frame can have:
     * there is nothing to be had from it that would be worth the search.
     */
    private int countFrom(int head, int headFlags) {
        int room = Math.min(size - held, Chain.MAX_SEGMENTS);
        int flags = headFlags;
        int index = head;
        for (int count = 1; count <= room; count++) {
            if ((flags & FLAG_NEXT) == 0) {
                return count;
            }
            index = index + 1 == size ? 0 : index + 1;
            flags = descriptors.get(U16, flagsOf(index));
        }
        return 0;
    }

    private static long flagsOf(int index) {
        return (long) index * DESCRIPTOR_BYTES + DESCRIPTOR_FLAGS;
    }

    /** The running number of the next chain to be consumed. */
    int next() {
        return next;
    }

    /** Goes on by so many chains. */
    void consume(int chains) {
        next += chains;
        known -= chains;
    }

    /** Says that all chains before this one, with so many descriptors, were shown as used: the driver may fill these again. */
    void freeUntil(int chain, int count) {
        oldest = chain;
        oldestDescriptor = wrapped(oldestDescriptor + count);
        held -= count;
    }

    private int wrapped(int descriptor) {
        return descriptor < size ? descriptor : descriptor - size;
    }

    /** Whether each chain is a single descriptor. */
    boolean areSingle() {
        return next + known - oldest == held;
    }

    /** The extent of a chain, by its running number. */
    int extent(int chain) {
        return areSingle() ? wrapped(oldestDescriptor + chain - oldest) | ONE : extents[chain & mask];
    }

    /** The first descriptor of an extent; less than the ring's size. */
    static int first(int extent) {
        return extent & PackedRingDescriptor.MAX_SIZE - 1;
    }

    /** How many descriptors an extent has. */
    static int count(int extent) {
        return extent >>> COUNT_SHIFT;
    }

    /** Position of the descriptor that is looked at next. */
    int position() {
        return scan.position();
    }
}
