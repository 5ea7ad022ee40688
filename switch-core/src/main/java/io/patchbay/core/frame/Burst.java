package io.patchbay.core.frame;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Up to {@value #CAPACITY} frames borrowed from one receive queue for one turn.
 *
 * <p>Each frame is held in two parts. Its <em>head</em>, the first {@value #HEAD_BYTES} bytes, was read once and lies here as two
 * little-endian words. Its <em>tail</em>, everything after the head, stays where the sender put it: a run of entries in the segment
 * arrays. A frame shorter than the head has no tail and its head is padded with zero.
 *
 * <pre>
 *   frame i:   head0[i] head1[i]          tail segments firstSegment(i) .. endSegment(i)-1
 *             +-----------------+   +----------------+ +-------------+
 *             | bytes 0 .. 15   |   | bytes 16 ..    | |   ...       |   length(i) bytes in all
 *             +-----------------+   +----------------+ +-------------+
 * </pre>
 *
 * <p>The receive queue fills a burst ({@link #addSegment} for each piece of the tail, then {@link #endFrame}, or {@link #dropFrame}
 * to take the pieces back; or, for frames in one piece, {@link #addWhole} for many); forwarding and transmission only read it. The memory behind the segments belongs to the sender, who may
 * change any byte of it at any time, and is valid until the queue's chains are released at the end of the turn.
 *
 * <p>Confined to its worker. Nothing here allocates after construction.
 */
public final class Burst {

    /** Most frames in one burst. */
    public static final int CAPACITY = 64;

    /** Bytes of each frame that are read into worker-owned memory. */
    public static final int HEAD_BYTES = 16;

    /** Most segments a single frame may have: with the head before them they still fit one {@code writev} (IOV_MAX is 1024). */
    public static final int MAX_FRAME_SEGMENTS = 1022;

    private static final int SEGMENTS = 4 * MAX_FRAME_SEGMENTS;

    /** A burst that has come to this many bytes, or frames that segmentation would make, is closed: the turns of others are due. */
    private static final int ENOUGH_BYTES = 1 << 19;

    private static final int ENOUGH_SEGMENTS = 256;

    static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final int capacity;
    private final long[] head0;
    private final long[] head1;
    private final int[] length;

    /** The frame lies in one piece, its head right before its tail. */
    private final boolean[] whole;

    private final int[] segmentEnd;
    private final Pieces pieces;
    private final FrameOffloads offloads;
    private final int[][] rooms;

    private int count;
    private long bytes;
    private long effort;
    private boolean last;
    /** All frames lie in one piece each, in the same memory. */
    private boolean alike = true;

    private MemorySegment memory = MemorySegment.NULL;
    private @Nullable MemorySegment headerCopies;

    public Burst() {
        this(CAPACITY, SEGMENTS);
    }

    /** A burst of at most {@code capacity} frames with so many pieces in all. */
    Burst(int capacity, int mostPieces) {
        this.capacity = capacity;
        head0 = new long[capacity];
        head1 = new long[capacity];
        length = new int[capacity];
        whole = new boolean[capacity];
        segmentEnd = new int[capacity + 1];
        rooms = new int[2][capacity];
        pieces = new Pieces(mostPieces);
        offloads = new FrameOffloads(capacity);
    }

    /** Forgets all frames. */
    public void clear() {
        count = 0;
        bytes = 0;
        effort = 0;
        alike = true;
        last = false;
        pieces.truncate(0);
        offloads.clear();
    }

    public int count() {
        return count;
    }

    /** Bytes of all frames together. */
    public long bytes() {
        return bytes;
    }

    /**
     * Notes that so many pieces of guest memory had to be looked at, whether or not a frame came of it: the measure by which a worker knows
     * that a queue's share of its time is used up although hardly any frames were moved.
     */
    public void charge(int pieces) {
        effort += pieces;
    }

    /** Pieces looked at since {@link #clear}, by whoever took the frames in or delivered them. */
    public long effort() {
        return effort;
    }

    /** Notes that the queue the frames came from has been emptied with them. */
    public void setLast() {
        last = true;
    }

    /** Whether there was nothing more to be taken where the frames came from. */
    public boolean isLast() {
        return last;
    }

    public boolean isFull() {
        return count == capacity;
    }

    /** After how many more bytes the burst should end. */
    public long bytesLeft() {
        return ENOUGH_BYTES - bytes;
    }

    /** Whether a frame of the most segments allowed still finds room, and the burst is not yet so much work that it should end. */
    public boolean hasRoomForAnyFrame() {
        return count < capacity
                && pieces.room() >= MAX_FRAME_SEGMENTS
                && bytesLeft() > 0
                && offloads.extraFrames() < ENOUGH_SEGMENTS;
    }

    /**
     * Adds a piece to the tail of the frame being built.
     *
     * @param length bytes, at least 0; the range must lie within {@code base}
     * @return false, with nothing added, when the frame has {@value #MAX_FRAME_SEGMENTS} segments or the burst no room
     */
    public boolean addSegment(MemorySegment base, long offset, int length) {
        if (pieces.room() == 0 || pieces.count() - segmentEnd[count] >= MAX_FRAME_SEGMENTS) {
            return false;
        }
        pieces.add(base, offset, length);
        return true;
    }

    /**
     * Completes the frame whose tail was added.
     *
     * @param first bytes 0 to 7 of the frame, byte 0 lowest
     * @param second bytes 8 to 15 of the frame, byte 8 lowest
     * @param frameLength head and tail together, at least {@link EthernetDescriptor#HEADER_BYTES}
     */
    public void endFrame(long first, long second, int frameLength) {
        int i = count;
        whole[i] = false;
        alike = false;
        head0[i] = first;
        head1[i] = second;
        length[i] = frameLength;
        bytes += frameLength;
        segmentEnd[i + 1] = pieces.count();
        count = i + 1;
    }

    /**
     * Adds frames that lie in one piece each, all in the same memory, and reads their heads, each byte once. From then on the frames are what was read.
     * There must be room for any frame, and for so many.
     *
     * @param at where the pieces lie in {@code base}; the first is number {@code from}
     * @param pieceBytes how long they are; each lies within {@code base} and has at least {@value #HEAD_BYTES} bytes but for those to be passed over
     * @param skip bytes at the beginning of each piece that are not the frame's
     */
    public void addWhole(MemorySegment base, long[] at, int[] pieceBytes, int from, int n, int skip) {
        noteMemory(base);
        int i = count;
        // In a sweep of its own, so that the cache misses overlap: every frame was just written by another processor.
        for (int k = 0; k < n; k++) {
            long frame = at[from + k] + skip;
            head0[i + k] = base.get(WORD, frame);
            head1[i + k] = base.get(WORD, frame + Long.BYTES);
        }
        int s = pieces.count();
        pieces.addTails(base, at, pieceBytes, from, n, skip + HEAD_BYTES);
        int sum = 0;
        for (int k = 0; k < n; k++) {
            int frameBytes = pieceBytes[from + k] - skip;
            length[i + k] = frameBytes;
            segmentEnd[i + k + 1] = s + k + 1;
            sum += frameBytes;
        }
        Arrays.fill(whole, i, i + n, true);
        bytes += sum;
        count = i + n;
    }

    @SuppressWarnings({"MemorySegmentReferenceEquality", "ReferenceEquality"})
    private void noteMemory(MemorySegment base) {
        if (memory == base) {
            return;
        }
        alike &= count == 0;
        memory = base;
    }

    /** Takes back the pieces added since the last completed frame. */
    public void dropFrame() {
        pieces.truncate(segmentEnd[count]);
    }

    /** Takes back the last completed frame. */
    public void dropLast() {
        int i = count - 1;
        bytes -= length[i];
        pieces.truncate(segmentEnd[i]);
        offloads.forget(i);
        count = i;
    }

    /** What the senders of these frames left to others. */
    public FrameOffloads offloads() {
        return offloads;
    }

    /** Whether the sender of frame {@code i} left anything to others. */
    public boolean isUnfinished(int i) {
        return offloads.any() && offloads.of(i) != Offload.NONE;
    }

    /** Memory of the burst's own for headers that must not change after they were looked at. */
    MemorySegment headerCopies() {
        MemorySegment made = headerCopies;
        if (made == null) {
            made = Arena.ofAuto().allocate((long) capacity * FrameHeaders.LIMIT, 64);
            headerCopies = made;
        }
        return made;
    }

    /** Copies the first bytes of the last frame, {@code n} or as many as it has, into {@link #headerCopies}, and says to where. */
    long copyHeader(int n) {
        int i = count - 1;
        MemorySegment to = headerCopies();
        long at = (long) i * FrameHeaders.LIMIT;
        to.set(WORD, at, head0[i]);
        to.set(WORD, at + Long.BYTES, head1[i]);
        pieces.copy(segmentEnd[i], segmentEnd[count], to, at + HEAD_BYTES, n - HEAD_BYTES);
        return at;
    }

    /**
     * Makes the copy of the last frame's first {@code n} bytes a part of the frame, in place of the sender's.
     *
     * @param n more than {@link #HEAD_BYTES}, and copied
     * @return false, with nothing changed, if the frame would have too many pieces
     */
    boolean ownHeader(int n) {
        int i = count - 1;
        int tail = n - HEAD_BYTES;
        long at = (long) i * FrameHeaders.LIMIT + HEAD_BYTES;
        if (!pieces.replaceStart(segmentEnd[i], tail, headerCopies(), at, tail, MAX_FRAME_SEGMENTS)) {
            return false;
        }
        segmentEnd[count] = pieces.count();
        whole[i] = false;
        alike = false;
        return true;
    }

    /**
     * Room for a number per frame, for whoever handles the burst at the moment and has nothing of its own that only one worker uses. What it
     * holds is not kept from one handler to the next.
     *
     * @param which 0 or 1
     */
    public int[] room(int which) {
        return rooms[which];
    }

    /** Bytes of frame {@code i}, without any virtio-net header. */
    public int length(int i) {
        return length[i];
    }

    public long head0(int i) {
        return head0[i];
    }

    public long head1(int i) {
        return head1[i];
    }

    /** Destination address of frame {@code i}, as {@link MacAddress} describes. */
    public long destination(int i) {
        return Long.reverseBytes(head0[i]) >>> 16;
    }

    /** Source address of frame {@code i}, as {@link MacAddress} describes. */
    public long source(int i) {
        return Long.reverseBytes(head0[i] >>> 48 | head1[i] << 16) >>> 16;
    }

    /** The EtherType or length word of frame {@code i}. */
    public int etherType(int i) {
        return Short.reverseBytes((short) (head1[i] >>> 32)) & 0xffff;
    }

    public int firstSegment(int i) {
        return segmentEnd[i];
    }

    /** One past the last segment of frame {@code i}. */
    public int endSegment(int i) {
        return segmentEnd[i + 1];
    }

    public MemorySegment segmentBase(int s) {
        return pieces.base(s);
    }

    public long segmentOffset(int s) {
        return pieces.offset(s);
    }

    public int segmentLength(int s) {
        return pieces.length(s);
    }

    /**
     * Copies the whole of frame {@code i} to one contiguous place.
     *
     * @param to has at least {@code length(i)} bytes from {@code at}
     */
    public void copyFrame(int i, MemorySegment to, long at) {
        int bytesOfFrame = length[i];
        if (bytesOfFrame < HEAD_BYTES) {
            copyShortHead(i, to, at, 0, bytesOfFrame);
            return;
        }
        if (whole[i]) {
            // In one go, head and all, which keeps both sides' alignment; then the head as it was read, whatever stands
            // there now.
            int s = segmentEnd[i];
            MemorySegment.copy(pieces.base(s), pieces.offset(s) - HEAD_BYTES, to, at, bytesOfFrame);
            to.set(WORD, at, head0[i]);
            to.set(WORD, at + Long.BYTES, head1[i]);
            return;
        }
        to.set(WORD, at, head0[i]);
        to.set(WORD, at + Long.BYTES, head1[i]);
        pieces.copy(segmentEnd[i], segmentEnd[i + 1], to, at + HEAD_BYTES, bytesOfFrame - HEAD_BYTES);
    }

    /**
     * Copies frames, each to a contiguous place of its own.
     *
     * @param frames which; the first {@code n} entries are meant
     * @param to has at least as many bytes as a frame from {@code skip} after its place
     * @param at the places; {@code at[k]} is that of {@code frames[k]}
     */
    public void copyFrames(int[] frames, int n, MemorySegment to, long[] at, int skip) {
        if (!alike) {
            for (int k = 0; k < n; k++) {
                copyFrame(frames[k], to, at[k] + skip);
            }
            return;
        }
        // As copyFrame does it, but what is asked of either memory is asked once.
        MemorySegment from = memory;
        for (int k = 0; k < n; k++) {
            int i = frames[k];
            long target = at[k] + skip;
            long source = pieces.offset(segmentEnd[i]) - HEAD_BYTES;
            int frameBytes = length[i];
            if (ShortFrame.is(frameBytes)) {
                ShortFrame.copyStart(from, source, head0[i], head1[i], to, target);
                ShortFrame.copyTail(from, source, frameBytes, to, target);
            } else {
                MemorySegment.copy(from, source, to, target, frameBytes);
                to.set(WORD, target, head0[i]);
                to.set(WORD, target + Long.BYTES, head1[i]);
            }
        }
    }

    /** Copies bytes {@code from} to {@code from + n} of the head of frame {@code i}, one by one. */
    void copyShortHead(int i, MemorySegment to, long at, int from, int n) {
        for (int k = 0; k < n; k++) {
            int index = from + k;
            long word = index < Long.BYTES ? head0[i] : head1[i];
            to.set(ValueLayout.JAVA_BYTE, at + k, (byte) (word >>> (8 * (index & 7))));
        }
    }
}
