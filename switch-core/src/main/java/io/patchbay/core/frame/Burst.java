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
    private final MemorySegment[] segmentBase;
    private final long[] segmentOffset;
    private final int[] segmentLength;
    private final long[] offload;
    private final int[] headerLength;
    private final int[] piecesSent;

    private final int[][] rooms;

    private int count;
    private int segments;
    private long bytes;
    private long effort;
    private boolean anyOffload;
    private boolean last;
    private int extraSegments;
    /** All frames lie in one piece each, in the same memory. */
    private boolean alike;

    private MemorySegment memory = MemorySegment.NULL;
    private @Nullable MemorySegment headerCopies;
    private @Nullable SoftwareOffload softwareOffload;

    public Burst() {
        this(CAPACITY, SEGMENTS);
    }

    /** A burst of at most {@code capacity} frames with so many pieces in all. */
    Burst(int capacity, int pieces) {
        this.capacity = capacity;
        head0 = new long[capacity];
        head1 = new long[capacity];
        length = new int[capacity];
        whole = new boolean[capacity];
        segmentEnd = new int[capacity + 1];
        offload = new long[capacity];
        headerLength = new int[capacity];
        piecesSent = new int[capacity];
        rooms = new int[2][capacity];
        segmentBase = new MemorySegment[pieces];
        segmentOffset = new long[pieces];
        segmentLength = new int[pieces];
        Arrays.fill(segmentBase, MemorySegment.NULL);
    }

    /** Forgets all frames. */
    public void clear() {
        count = 0;
        segments = 0;
        bytes = 0;
        effort = 0;
        alike = true;
        if (anyOffload) {
            Arrays.fill(offload, Offload.NONE);
            Arrays.fill(piecesSent, 0);
            anyOffload = false;
            extraSegments = 0;
        }
        last = false;
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
                && segments <= segmentBase.length - MAX_FRAME_SEGMENTS
                && bytes < ENOUGH_BYTES
                && extraSegments < ENOUGH_SEGMENTS;
    }

    /**
     * Adds a piece to the tail of the frame being built.
     *
     * @param length bytes, at least 0; the range must lie within {@code base}
     * @return false, with nothing added, when the frame has {@value #MAX_FRAME_SEGMENTS} segments or the burst no room
     */
    public boolean addSegment(MemorySegment base, long offset, int length) {
        int s = segments;
        if (s == segmentBase.length || s - segmentEnd[count] >= MAX_FRAME_SEGMENTS) {
            return false;
        }
        SegmentSlots.put(segmentBase, s, base);
        segmentOffset[s] = offset;
        segmentLength[s] = length;
        segments = s + 1;
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
        segmentEnd[i + 1] = segments;
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
        int s = segments;
        // In a sweep of its own, so that the cache misses overlap: every frame was just written by another processor.
        for (int k = 0; k < n; k++) {
            long frame = at[from + k] + skip;
            head0[i + k] = base.get(WORD, frame);
            head1[i + k] = base.get(WORD, frame + Long.BYTES);
        }
        int sum = 0;
        for (int k = 0; k < n; k++) {
            int frameBytes = pieceBytes[from + k] - skip;
            length[i + k] = frameBytes;
            segmentLength[s + k] = frameBytes - HEAD_BYTES;
            segmentOffset[s + k] = at[from + k] + skip + HEAD_BYTES;
            segmentEnd[i + k + 1] = s + k + 1;
            sum += frameBytes;
        }
        for (int k = 0; k < n; k++) {
            SegmentSlots.put(segmentBase, s + k, base);
        }
        Arrays.fill(whole, i, i + n, true);
        bytes += sum;
        segments = s + n;
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
        segments = segmentEnd[count];
    }

    /** Takes back the last completed frame. */
    public void dropLast() {
        int i = count - 1;
        bytes -= length[i];
        segments = segmentEnd[i];
        offload[i] = Offload.NONE;
        count = i;
    }

    /**
     * Says what the sender of the last frame left to others.
     *
     * @param request as {@link OffloadCheck} made it
     * @param headers bytes before the payload, of a frame to be segmented
     * @param made frames that segmentation would make of it, at least 1
     */
    void setOffload(long request, int headers, int made) {
        int i = count - 1;
        offload[i] = request;
        headerLength[i] = headers;
        extraSegments += made - 1;
        anyOffload = true;
    }

    /** Whether any frame has an {@link #offload}. */
    public boolean hasOffloads() {
        return anyOffload;
    }

    /** Whether frame {@code i} has an {@link #offload}. */
    public boolean isUnfinished(int i) {
        return anyOffload && offload[i] != Offload.NONE;
    }

    /** What the sender of frame {@code i} left to others: an {@link Offload}, mostly {@link Offload#NONE}. */
    public long offload(int i) {
        return offload[i];
    }

    /** Bytes of all headers of frame {@code i}, which is to be segmented. */
    public int headerLength(int i) {
        return headerLength[i];
    }

    /** How many of the pieces that are made of frame {@code i} in software its receiver has got already, if it had no room for all. */
    public int piecesSent(int i) {
        return piecesSent[i];
    }

    public void setPiecesSent(int i, int pieces) {
        piecesSent[i] = pieces;
    }

    /** How many more frames there would be if all that ask for it were segmented. */
    public int extraSegments() {
        return extraSegments;
    }

    /** Where this burst's worker does offloads in software: one for each burst, made when it is first needed. */
    public SoftwareOffload softwareOffload() {
        SoftwareOffload made = softwareOffload;
        if (made == null) {
            made = new SoftwareOffload();
            softwareOffload = made;
        }
        return made;
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
        int done = HEAD_BYTES;
        for (int s = segmentEnd[i]; s < segments && done < n; s++) {
            int step = Math.min(n - done, segmentLength[s]);
            MemorySegment.copy(segmentBase[s], segmentOffset[s], to, at + done, step);
            done += step;
        }
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
        int first = segmentEnd[i];
        int skip = n - HEAD_BYTES;
        int s = first;
        while (s < segments && skip >= segmentLength[s]) {
            skip -= segmentLength[s++];
        }
        int left = segments - s;
        if (left + 1 > MAX_FRAME_SEGMENTS || first + 1 + left > segmentBase.length) {
            return false;
        }
        System.arraycopy(segmentBase, s, segmentBase, first + 1, left);
        System.arraycopy(segmentOffset, s, segmentOffset, first + 1, left);
        System.arraycopy(segmentLength, s, segmentLength, first + 1, left);
        if (left > 0) {
            segmentOffset[first + 1] += skip;
            segmentLength[first + 1] -= skip;
        }
        segmentBase[first] = headerCopies();
        segmentOffset[first] = (long) i * FrameHeaders.LIMIT + HEAD_BYTES;
        segmentLength[first] = n - HEAD_BYTES;
        segments = first + 1 + left;
        segmentEnd[count] = segments;
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
        return segmentBase[s];
    }

    public long segmentOffset(int s) {
        return segmentOffset[s];
    }

    public int segmentLength(int s) {
        return segmentLength[s];
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
            MemorySegment.copy(segmentBase[s], segmentOffset[s] - HEAD_BYTES, to, at, bytesOfFrame);
            to.set(WORD, at, head0[i]);
            to.set(WORD, at + Long.BYTES, head1[i]);
            return;
        }
        to.set(WORD, at, head0[i]);
        to.set(WORD, at + Long.BYTES, head1[i]);
        long position = at + HEAD_BYTES;
        for (int s = segmentEnd[i], end = segmentEnd[i + 1]; s < end; s++) {
            int n = segmentLength[s];
            MemorySegment.copy(segmentBase[s], segmentOffset[s], to, position, n);
            position += n;
        }
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
            MemorySegment.copy(from, segmentOffset[segmentEnd[i]] - HEAD_BYTES, to, target, length[i]);
            to.set(WORD, target, head0[i]);
            to.set(WORD, target + Long.BYTES, head1[i]);
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
