package io.patchbay.vhost.ring;

import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_BYTES;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_REST;
import static io.patchbay.vhost.ring.PackedRingDescriptor.EVENT_FLAGS_DESC;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_AVAIL;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_NEXT;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U32;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U64;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * Finds out where a packed virtqueue stands whose device was killed, from what that device left in the ring; see the package description.
 *
 * <p>Places are counted over two rounds here, from 0 to {@code 2 · size}: below {@code size} the wrap counter is 1. What the driver has written
 * last begins to differ in AVAIL at the place where it goes on:
 *
 * <pre>
 *  AVAIL    1 1 1 1 1 1 1 1 0 0 0 0
 *  USED     1 1 1 1 0 0 0 0 0 0 0 0        the device has used 0 to 3, 4 to 7 wait for it, the driver goes on at 8
 *                   ^       ^
 *                 device  driver
 * </pre>
 *
 * <p>Whatever the guest writes there while it is read, the answer is a place within the ring.
 */
final class PackedResume {

    /** The driver goes on while we look; a look at what it changed is repeated. */
    private static final int LOOKS = 3;

    private static final int NOWHERE = -1;

    /** Descriptors of a chain whose first ones the driver has written over, the rest being where it would go on. */
    private static final int LONGEST_REST = 64;

    private final int size;
    private final MemorySegment descriptors;
    private final MemorySegment event;
    private final boolean batches;
    private final RingLog log;

    private PackedResume(int size, RingPlaces places, RingFeatures features, RingLog log) {
        this.size = size;
        this.descriptors = places.descriptors();
        this.event = places.used();
        this.batches = features.usedInBatches();
        this.log = log;
    }

    /**
     * Where the queue goes on. A batch that was begun and not shown is finished first: its buffers go back empty.
     *
     * @param told the position that the front end gives
     * @param log where it is logged if something is written
     * @return the position the device left, if what is in the ring bears it out; else {@code told}
     */
    static int position(int told, int size, RingPlaces places, RingFeatures features, RingLog log) {
        return new PackedResume(size, places, features, log).find(told);
    }

    /** What {@link PackedRing} leaves behind: its position, in a form that is never 0. 0 if it has none. */
    static int mark(int position, int size) {
        return position == 0 && size < PackedRingDescriptor.MAX_SIZE
                ? PackedRingDescriptor.position(size, true)
                : position;
    }

    private int find(int told) {
        int left = left();
        if (left == NOWHERE) {
            return told;
        }
        for (int look = 0; look < LOOKS; look++) {
            if (stands(left, driver())) {
                return position(left);
            }
        }
        // Killed between showing a batch and noting it, or while writing one; or not ours.
        int behind = wrapped(left + passed(left, driver()));
        return behind != left && stands(behind, driver()) ? position(behind) : told;
    }

    /** The place that the device noted, in the field in which it says where it wants to be kicked. */
    private int left() {
        int noted = event.get(U32, 0);
        int position = noted & 0xffff;
        // Other devices leave the field alone, or as it was, when they want no kick or every one; 0 is nothing then.
        if (position == 0 && (noted >>> 16 & 3) != EVENT_FLAGS_DESC) {
            return NOWHERE;
        }
        int index = PackedRingDescriptor.index(position);
        boolean wrap = PackedRingDescriptor.wrap(position);
        return index < size ? place(position) : index == size && wrap ? size : NOWHERE;
    }

    /** The place where the driver goes on. */
    private int driver() {
        int first = flags(0) & FLAG_AVAIL;
        int index = 1;
        while (index < size && (flags(index) & FLAG_AVAIL) == first) {
            index++;
        }
        int start = first != 0 ? 0 : size;
        return wrapped(start + index);
    }

    /** Whether the device stands at a place: it has used what is before, and what is behind waits for it, up to the driver's. */
    private boolean stands(int place, int driver) {
        int waiting = distance(place, driver);
        for (int i = 0; i < waiting && waiting <= size; i++) {
            int at = wrapped(place + i);
            if (!PackedRingDescriptor.isAvailable(flags(at), wrap(at))) {
                return false;
            }
        }
        return waiting <= size && isEnd(place, size - waiting);
    }

    /**
     * Whether a used chain, or batch, ends before a place.
     *
     * @param room descriptors before it that do not wait for the device
     */
    private boolean isEnd(int place, int room) {
        for (int back = 1; back <= room; back++) {
            int at = wrapped(place - back);
            int flags = flags(at);
            if (PackedRingDescriptor.isUsed(flags, wrap(at))) {
                return usedFrom(at) == back;
            }
            if (!PackedRingDescriptor.isAvailable(flags, wrap(at))) {
                return false;
            }
        }
        // Nothing, or the rest of a chain, or batch, whose beginning the driver has written over.
        return room < size && (batches || room <= LONGEST_REST);
    }

    /** How many descriptors a used one stands for. */
    private int usedFrom(int place) {
        if (batches) {
            long covered = descriptors.get(U64, at(place) + DESCRIPTOR_REST) & 0xffff_ffffL;
            return covered >= 1 && covered <= size ? (int) covered : 1;
        }
        return chainFrom(place);
    }

    /** How many descriptors a chain has, by their NEXT flags. */
    private int chainFrom(int place) {
        int count = 1;
        while (count < size && (flags(wrapped(place + count - 1)) & FLAG_NEXT) != 0) {
            count++;
        }
        return count;
    }

    /**
     * Passes what the device used after it noted its place: a batch that was shown, or one that was being written, in which the first
     * descriptor is not marked as used and some behind it are. That one is shown to the driver, with nothing in any of its buffers: how much
     * was in the first is not known any more. What was meant to be in them comes again, since its sender was not told that it was sent.
     *
     * @return the descriptors passed; 0 if there was no such batch
     */
    private int passed(int place, int driver) {
        int end = 0;
        for (int i = 0, limit = Math.min(size, distance(place, driver)); i < limit; ) {
            int at = wrapped(place + i);
            boolean isUsed = PackedRingDescriptor.isUsed(flags(at), wrap(at));
            i += isUsed ? usedFrom(at) : chainFrom(at);
            end = isUsed ? i : end;
        }
        if (end == 0 || end > size) {
            return 0;
        }
        int first = flags(place);
        if (PackedRingDescriptor.isUsed(first, wrap(place))) {
            return end;
        }
        int waiting = distance(place, driver);
        if (!PackedRingDescriptor.isAvailable(first, wrap(place)) || waiting > size || !isEnd(place, size - waiting)) {
            return 0;
        }
        showEmpty(place, end);
        return end;
    }

    private void showEmpty(int place, int end) {
        for (int i = chainFrom(place); i < end; ) {
            int at = wrapped(place + i);
            i += chainFrom(at);
            giveBack(at);
        }
        VarHandle.releaseFence();
        giveBack(place);
        VarHandle.fullFence();
        if (log.isOn()) {
            log.wrote(0, PackedRingDescriptor.descriptorsBytes(size));
            log.flush();
        }
    }

    /** Marks a chain as used, empty; its id is in its last descriptor, or in its first if that was marked before. */
    private void giveBack(int place) {
        int count = chainFrom(place);
        boolean isUsed = PackedRingDescriptor.isUsed(flags(place), wrap(place));
        long rest = descriptors.get(U64, at(isUsed ? place : wrapped(place + count - 1)) + DESCRIPTOR_REST);
        long flags = PackedRingDescriptor.usedFlags(wrap(place), count);
        descriptors.set(U64, at(place) + DESCRIPTOR_REST, (rest & 0xffffL << 32) | (flags << 48));
    }

    private int flags(int place) {
        return (int) (descriptors.get(U64, at(place) + DESCRIPTOR_REST) >>> 48);
    }

    private long at(int place) {
        return (long) (place < size ? place : place - size) * DESCRIPTOR_BYTES;
    }

    private boolean wrap(int place) {
        return place < size;
    }

    private int place(int position) {
        return PackedRingDescriptor.index(position) + (PackedRingDescriptor.wrap(position) ? 0 : size);
    }

    private int position(int place) {
        return PackedRingDescriptor.position(place < size ? place : place - size, wrap(place));
    }

    private int wrapped(int place) {
        int twice = 2 * size;
        return place < 0 ? place + twice : place < twice ? place : place - twice;
    }

    private int distance(int from, int to) {
        return wrapped(to - from);
    }
}
