package io.patchbay.core.frame;

import static io.patchbay.core.frame.Burst.HEAD_BYTES;
import static io.patchbay.core.frame.Burst.WORD;

import java.lang.foreign.MemorySegment;

/**
 * Copies short frames word by word, as most are: the library's copy costs more than so few bytes do, since it is a call around which compiled code has to put by what it
 * holds.
 *
 * <p>Each method is so small that it is compiled into whoever calls it. A slice checks the bounds of its words together; compiled code makes none of it.
 */
final class ShortFrame {

    private static final int PIECE_BYTES = 4 * Long.BYTES;

    private ShortFrame() {}

    /** Whether a frame of so many bytes is copied like that: the last piece ends with the frame, and must not begin before the head does end. */
    static boolean is(int bytes) {
        return bytes >= HEAD_BYTES + PIECE_BYTES && bytes <= 2 * PIECE_BYTES;
    }

    /** All of a frame, of which the head was read. */
    static void copy(MemorySegment from, long at, long head0, long head1, int bytes, MemorySegment to, long target) {
        copyStart(from, at, head0, head1, to, target);
        int last = bytes - PIECE_BYTES;
        copyPiece(from, at + last, to, target + last);
    }

    private static void copyStart(MemorySegment from, long at, long head0, long head1, MemorySegment to, long target) {
        MemorySegment source = from.asSlice(at + HEAD_BYTES, PIECE_BYTES - HEAD_BYTES);
        MemorySegment copy = to.asSlice(target, PIECE_BYTES);
        long third = source.get(WORD, 0);
        long fourth = source.get(WORD, Long.BYTES);
        copy.set(WORD, 0, head0);
        copy.set(WORD, Long.BYTES, head1);
        copy.set(WORD, 2 * Long.BYTES, third);
        copy.set(WORD, 3 * Long.BYTES, fourth);
    }

    private static void copyPiece(MemorySegment from, long at, MemorySegment to, long target) {
        MemorySegment source = from.asSlice(at, PIECE_BYTES);
        MemorySegment copy = to.asSlice(target, PIECE_BYTES);
        long first = source.get(WORD, 0);
        long second = source.get(WORD, Long.BYTES);
        long third = source.get(WORD, 2 * Long.BYTES);
        long fourth = source.get(WORD, 3 * Long.BYTES);
        copy.set(WORD, 0, first);
        copy.set(WORD, Long.BYTES, second);
        copy.set(WORD, 2 * Long.BYTES, third);
        copy.set(WORD, 3 * Long.BYTES, fourth);
    }
}
