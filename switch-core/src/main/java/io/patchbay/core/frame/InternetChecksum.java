package io.patchbay.core.frame;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The Internet checksum (RFC 1071): the one's complement of the one's complement sum of 16-bit words.
 *
 * <p>Sums are kept in a {@code long} that is folded at the end, over little-endian words: such a sum has its two bytes swapped, and a
 * little-endian store swaps them back. Numbers that are added must therefore be given as they lie in memory; {@link #wire} does that.
 *
 * <p>Only for memory of our own. Plain loads would survive on a guest's too, but what is summed must be what is sent.
 */
final class InternetChecksum {

    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final long LOW_HALF = 0xffff_ffffL;

    private InternetChecksum() {}

    /** The sum of {@code n} bytes, 0 to 65,557; if {@code n} is odd a zero byte is thought to follow. */
    static long sum(MemorySegment memory, long at, int n) {
        long sum = 0;
        int i = 0;
        for (; i <= n - Long.BYTES; i += Long.BYTES) {
            long word = memory.get(U64, at + i);
            sum += (word & LOW_HALF) + (word >>> 32);
        }
        for (; i <= n - Short.BYTES; i += Short.BYTES) {
            sum += memory.get(U16, at + i) & 0xffff;
        }
        return i < n ? sum + (memory.get(ValueLayout.JAVA_BYTE, at + i) & 0xff) : sum;
    }

    /** A 16-bit number as a word of a sum. */
    static int wire(int number) {
        return Short.reverseBytes((short) number) & 0xffff;
    }

    /** The checksum of a sum, 0 to 65535, to be stored little-endian. */
    static int finish(long sum) {
        long folded = sum;
        while (folded >>> 16 != 0) {
            folded = (folded & 0xffff) + (folded >>> 16);
        }
        return (int) ~folded & 0xffff;
    }

    /** As {@link #finish}, for a protocol in which 0 means that there is no checksum (RFC 768): the other zero. */
    static int finishNonZero(long sum) {
        int checksum = finish(sum);
        return checksum == 0 ? 0xffff : checksum;
    }
}
