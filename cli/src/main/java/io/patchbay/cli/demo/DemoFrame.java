package io.patchbay.cli.demo;

import io.patchbay.cli.local.ExperimentalHeader;
import io.patchbay.core.frame.MacAddress;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Frames that can be checked by themselves.
 *
 * <pre>
 *   0             6         12     14        16        18              26
 *  +-------------+---------+------+---------+---------+---------------+- - - - - - - -
 *  | destination | source  | 88b5 | sender  | length  |   sequence    |  words made of sender, sequence and place
 *  +-------------+---------+------+---------+---------+---------------+- - - - - - - -
 * </pre>
 */
final class DemoFrame {

    static final int MIN_BYTES = 60;

    private static final int SENDER = ExperimentalHeader.BYTES;
    private static final int LENGTH = 16;
    private static final int SEQUENCE = 18;
    private static final int PATTERN = 26;
    /** One broadcast in so many frames. */
    private static final int BROADCAST_EVERY = 4096;

    private static final int TO_ALL = -1;

    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private DemoFrame() {}

    /** The address of guest {@code n}: locally administered, ending in its number. */
    static long address(int n) {
        return 0x0200_0000_0000L + n + 1;
    }

    /** Writes a frame from guest {@code sender} to guest {@code to}, or to all if that is -1. */
    static void write(MemorySegment at, long offset, int length, int to, int sender, long sequence) {
        long destination = to == TO_ALL ? MacAddress.BROADCAST : address(to);
        ExperimentalHeader.write(at, offset, destination, address(sender));
        at.set(U16, offset + SENDER, (short) sender);
        at.set(U16, offset + LENGTH, (short) length);
        at.set(U64, offset + SEQUENCE, sequence);
        long word = sequence * 0x9e37_79b9_7f4a_7c15L + sender;
        int place = PATTERN;
        for (; place + Long.BYTES <= length; place += Long.BYTES) {
            at.set(U64, offset + place, word + place);
        }
        for (; place < length; place++) {
            at.set(ValueLayout.JAVA_BYTE, offset + place, (byte) (word + place));
        }
    }

    static int sender(MemorySegment at, long offset) {
        return at.get(U16, offset + SENDER) & 0xffff;
    }

    static long sequence(MemorySegment at, long offset) {
        return at.get(U64, offset + SEQUENCE);
    }

    /** Whom frame {@code sequence} of a guest is for: mostly the next one, sometimes all (-1). */
    static int receiver(int sender, long sequence, int guests) {
        return sequence % BROADCAST_EVERY == 1 ? TO_ALL : (sender + 1) % guests;
    }

    /** Whether a frame is, byte for byte, what its sender wrote. It may be for another guest: unknown addresses are flooded. */
    static boolean isIntact(MemorySegment at, long offset, int length, int guests) {
        if (length < MIN_BYTES || (at.get(U16, offset + LENGTH) & 0xffff) != length) {
            return false;
        }
        int sender = sender(at, offset);
        long sequence = sequence(at, offset);
        int receiver = receiver(sender, sequence, guests);
        long destination = ExperimentalHeader.destination(at, offset);
        if (destination != (receiver == TO_ALL ? MacAddress.BROADCAST : address(receiver))
                || ExperimentalHeader.source(at, offset) != address(sender)) {
            return false;
        }
        long word = sequence * 0x9e37_79b9_7f4a_7c15L + sender;
        int place = PATTERN;
        boolean same = ExperimentalHeader.isOn(at, offset);
        for (; place + Long.BYTES <= length; place += Long.BYTES) {
            same &= at.get(U64, offset + place) == word + place;
        }
        for (; place < length; place++) {
            same &= at.get(ValueLayout.JAVA_BYTE, offset + place) == (byte) (word + place);
        }
        return same;
    }
}
