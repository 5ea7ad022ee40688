package io.patchbay.core.frame;

import java.lang.foreign.MemorySegment;

/**
 * What a burst knows of each of its frames, in four words side by side: whoever delivers frames of many bursts at once looks at one cache line for each.
 *
 * <pre>
 *   word 4i       bytes 0 to 7 of frame i, byte 0 lowest
 *   word 4i + 1   bytes 8 to 15
 *   word 4i + 2   where the frame begins in its memory, if it lies there in one piece
 *   word 4i + 3    63        48 47        32  31   30          0
 *                 +------------+------------+-----+-------------+
 *                 |    end     |   first    |whole|   length    |     first and one past the last of the pieces of its tail
 *                 +------------+------------+-----+-------------+
 * </pre>
 *
 * <p>A burst is these records and does not have them: a reference between the two would be one more cache line for each burst.
 */
public abstract sealed class FrameRecords permits Burst {

    /** Bytes of each frame that are read into worker-owned memory. */
    public static final int HEAD_BYTES = 16;

    private static final int WORDS = 4;
    private static final int SECOND = 1;
    private static final int START = 2;
    private static final int FACTS = 3;

    private static final long LENGTH = 0x7fff_ffffL;
    private static final long WHOLE = 1L << 31;
    private static final int FIRST_SHIFT = 32;
    private static final int END_SHIFT = 48;
    private static final int SEGMENT = 0xffff;
    private static final long NEXT_SEGMENT = 1L << FIRST_SHIFT | 1L << END_SHIFT;

    final int capacity;
    private final long[] words;
    private final int[] flows;
    private int count;
    private boolean hasFlows;

    FrameRecords(int capacity) {
        this.capacity = capacity;
        words = new long[capacity * WORDS];
        flows = new int[capacity];
    }

    public final int count() {
        return count;
    }

    public final boolean isFull() {
        return count == capacity;
    }

    /** Bytes of frame {@code i}, without any virtio-net header. */
    public final int length(int i) {
        return (int) (facts(i) & LENGTH);
    }

    public final long head0(int i) {
        return words[i * WORDS];
    }

    public final long head1(int i) {
        return words[i * WORDS + SECOND];
    }

    /** Destination address of frame {@code i}, as {@link MacAddress} describes. */
    public final long destination(int i) {
        return Long.reverseBytes(head0(i)) >>> 16;
    }

    /** Source address of frame {@code i}, as {@link MacAddress} describes. */
    public final long source(int i) {
        return Long.reverseBytes(head0(i) >>> 48 | head1(i) << 16) >>> 16;
    }

    /** The EtherType or length word of frame {@code i}. */
    public final int etherType(int i) {
        return Short.reverseBytes((short) (head1(i) >>> 32)) & 0xffff;
    }

    public final int firstSegment(int i) {
        return (int) (facts(i) >>> FIRST_SHIFT) & SEGMENT;
    }

    /** One past the last segment of frame {@code i}. */
    public final int endSegment(int i) {
        return (int) (facts(i) >>> END_SHIFT);
    }

    private long facts(int i) {
        return words[i * WORDS + FACTS];
    }

    /** Whether frame {@code i} lies in one piece, its head right before its tail. */
    final boolean isWhole(int i) {
        return (facts(i) & WHOLE) != 0;
    }

    /** Where a whole frame begins. */
    final long start(int i) {
        return words[i * WORDS + START];
    }

    /**
     * A number for the conversation each frame is of, by which ports divide frames among queues. Whoever takes frames in may fill these, when all are there,
     * and {@linkplain #setFlows say so}: then whoever delivers them need not look again.
     */
    public final int[] flows() {
        return flows;
    }

    /** Notes that {@link #flows} are those of all frames. */
    public final void setFlows() {
        hasFlows = true;
    }

    /** Whether {@link #flows} mean anything. */
    public final boolean hasFlows() {
        return hasFlows;
    }

    /** The segment with which the next frame begins. */
    final int nextSegment() {
        return count == 0 ? 0 : endSegment(count - 1);
    }

    final void removeAll() {
        count = 0;
        hasFlows = false;
    }

    final void removeLast() {
        count--;
    }

    /** Adds a frame whose segments from {@link #nextSegment} to {@code end - 1} are there. */
    final void add(long first, long second, int length, int end) {
        int segment = nextSegment();
        int i = count++;
        words[i * WORDS] = first;
        words[i * WORDS + SECOND] = second;
        setPieces(i, length, segment, end);
    }

    /** Says that a frame, of which nothing else changes, consists of these pieces. */
    final void setPieces(int i, int length, int first, int end) {
        words[i * WORDS + FACTS] = length | (long) first << FIRST_SHIFT | (long) end << END_SHIFT;
    }

    /**
     * Adds whole frames with a segment each, and reads their heads.
     *
     * @param at where the pieces lie that hold a frame and whatever is before it; the first is number {@code from}
     * @param pieceBytes how long these are
     * @param skip bytes at the beginning of each piece that are not the frame's
     * @return bytes of all of them
     */
    final int readWhole(MemorySegment base, long[] at, int[] pieceBytes, int from, int n, int skip) {
        long[] all = words;
        int first = count * WORDS;
        // In a sweep of its own, so that the cache misses overlap: every frame was just written by another processor.
        for (int k = 0; k < n; k++) {
            long frame = at[from + k] + skip;
            all[first + k * WORDS] = base.get(Burst.WORD, frame);
            all[first + k * WORDS + SECOND] = base.get(Burst.WORD, frame + Long.BYTES);
        }
        int sum = 0;
        int segment = nextSegment();
        long pieces = (long) segment << FIRST_SHIFT | (long) (segment + 1) << END_SHIFT;
        for (int k = 0; k < n; k++) {
            int length = pieceBytes[from + k] - skip;
            all[first + k * WORDS + START] = at[from + k] + skip;
            all[first + k * WORDS + FACTS] = length | WHOLE | pieces;
            pieces += NEXT_SEGMENT;
            sum += length;
        }
        count += n;
        return sum;
    }

    /** Fetches what whole frames of one memory have behind the cache line with their heads, at most one line of each. Gives nothing that means anything. */
    final long fetchTails(MemorySegment base) {
        long sum = 0;
        for (int i = 0; i < count; i++) {
            int end = Math.min(length(i), HEAD_BYTES + 64);
            sum += base.get(Burst.WORD, start(i) + end - Long.BYTES);
        }
        return sum;
    }

    /** Copies a whole frame in one go, head and all, which keeps both sides' alignment; then the head as it was read, whatever stands there now. */
    final void copyWhole(int i, MemorySegment from, MemorySegment to, long at) {
        MemorySegment.copy(from, start(i), to, at, length(i));
        to.set(Burst.WORD, at, head0(i));
        to.set(Burst.WORD, at + Long.BYTES, head1(i));
    }

    /** Copies whole frames of one memory, each to a place of its own, as {@link Burst#copyFrames} does; what is asked of either memory is asked once. */
    final void copyWholeOnes(int[] frames, int n, MemorySegment from, MemorySegment to, long[] at, int skip) {
        for (int k = 0; k < n; ) {
            k = ShortFrame.is(length(frames[k]))
                    ? copyShortOnes(frames, k, n, from, to, at, skip)
                    : copyOthers(frames, k, n, from, to, at, skip);
        }
    }

    /**
     * Copies frames as long as they are short, and says where it stopped. A loop of its own, without any call in it: around one, compiled code reads and puts
     * by what it knows of either memory anew for every frame, and such stores take the places in which others wait for a receiver's cache lines.
     */
    private int copyShortOnes(
            int[] frames, int first, int n, MemorySegment from, MemorySegment to, long[] at, int skip) {
        int k = first;
        while (k < n) {
            int i = frames[k];
            int bytes = length(i);
            if (!ShortFrame.is(bytes)) {
                break;
            }
            ShortFrame.copy(from, start(i), head0(i), head1(i), bytes, to, at[k] + skip);
            k++;
        }
        return k;
    }

    private int copyOthers(int[] frames, int first, int n, MemorySegment from, MemorySegment to, long[] at, int skip) {
        int k = first;
        while (k < n && !ShortFrame.is(length(frames[k]))) {
            copyWhole(frames[k], from, to, at[k] + skip);
            k++;
        }
        return k;
    }
}
