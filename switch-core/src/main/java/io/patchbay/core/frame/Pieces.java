package io.patchbay.core.frame;

import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/** The pieces of memory that the tails of a burst's frames lie in, one frame's after the other's. */
final class Pieces {

    private final MemorySegment[] base;
    private final long[] offset;
    private final int[] length;
    private int count;

    Pieces(int capacity) {
        base = new MemorySegment[capacity];
        offset = new long[capacity];
        length = new int[capacity];
        Arrays.fill(base, MemorySegment.NULL);
    }

    int count() {
        return count;
    }

    /** How many more there is room for. */
    int room() {
        return base.length - count;
    }

    /** Forgets all from one on. */
    void truncate(int first) {
        count = first;
    }

    /** Adds a piece; there must be room. */
    void add(MemorySegment memory, long at, int bytes) {
        int s = count;
        SegmentSlots.put(base, s, memory);
        offset[s] = at;
        length[s] = bytes;
        count = s + 1;
    }

    /**
     * Puts one piece in the place of the first bytes of those from one on.
     *
     * @param skip how many bytes; not more than there are
     * @param limit most pieces from that one on
     * @return false, with nothing changed, if there would be more, or there is no room
     */
    boolean replaceStart(int first, int skip, MemorySegment memory, long at, int bytes, int limit) {
        int inPiece = skip;
        int s = first;
        while (s < count && inPiece >= length[s]) {
            inPiece -= length[s++];
        }
        int left = count - s;
        if (left + 1 > limit || first + 1 + left > base.length) {
            return false;
        }
        System.arraycopy(base, s, base, first + 1, left);
        System.arraycopy(offset, s, offset, first + 1, left);
        System.arraycopy(length, s, length, first + 1, left);
        if (left > 0) {
            offset[first + 1] += inPiece;
            length[first + 1] -= inPiece;
        }
        base[first] = memory;
        offset[first] = at;
        length[first] = bytes;
        count = first + 1 + left;
        return true;
    }

    /** Copies from pieces {@code first} to {@code end - 1} what there is of {@code bytes}. */
    void copy(int first, int end, MemorySegment to, long at, int bytes) {
        int done = 0;
        for (int s = first; s < end && done < bytes; s++) {
            int step = Math.min(bytes - done, length[s]);
            MemorySegment.copy(base[s], offset[s], to, at + done, step);
            done += step;
        }
    }

    MemorySegment base(int s) {
        return base[s];
    }

    long offset(int s) {
        return offset[s];
    }

    int length(int s) {
        return length[s];
    }
}
