package io.patchbay.core.frame;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/**
 * Up to {@value #CAPACITY} frames borrowed from one receive queue for one turn.
 *
 * <p>Each frame is held in two parts. Its <em>head</em>, the first {@value #HEAD_BYTES} bytes, was read once and lies here as two
 * little-endian words ({@link FrameRecords}). Its <em>tail</em>, everything after the head, stays where the sender put it: a run of entries in the segment
 * arrays. A frame shorter than the head has no tail and its head is padded with zero.
 *
 * <pre>
 *   frame i:   head0(i) head1(i)          tail segments firstSegment(i) .. endSegment(i)-1
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
public final class Burst extends FrameRecords {

    /** Most frames in one burst. */
    public static final int CAPACITY = 64;

    /** Most segments a single frame may have: with the head before them they still fit one {@code writev} (IOV_MAX is 1024). */
    public static final int MAX_FRAME_SEGMENTS = 1022;

    private static final int SEGMENTS = 4 * MAX_FRAME_SEGMENTS;

    /** A burst that has come to this many bytes, or frames that segmentation would make, is closed: the turns of others are due. */
    private static final int ENOUGH_BYTES = 1 << 19;

    private static final int ENOUGH_SEGMENTS = 256;

    static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Where the tails lie, but while all frames are alike: then they are parts of them. */
    private final Pieces pieces;

    private final FrameOffloads offloads;
    private final int[][] rooms;

    private long bytes;
    private long effort;
    private boolean last;

    /** All frames lie in one piece each, in the same memory. */
    private boolean alike = true;

    private MemorySegment memory = MemorySegment.NULL;
    private @Nullable MemorySegment headerCopies;

    @SuppressWarnings("unused") // written so that what it is made of has to be read
    private long touched;

    public Burst() {
        this(CAPACITY, SEGMENTS);
    }

    /** A burst of at most {@code capacity} frames with so many pieces in all. */
    Burst(int capacity, int mostPieces) {
        super(capacity);
        rooms = new int[2][capacity];
        pieces = new Pieces(mostPieces);
        offloads = new FrameOffloads(capacity);
    }

    /** Forgets all frames. */
    public void clear() {
        removeAll();
        bytes = 0;
        effort = 0;
        alike = true;
        last = false;
        pieces.truncate(0);
        offloads.clear();
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

    /** After how many more bytes the burst should end. */
    public long bytesLeft() {
        return ENOUGH_BYTES - bytes;
    }

    /** Whether a frame of the most segments allowed still finds room, and the burst is not yet so much work that it should end. */
    public boolean hasRoomForAnyFrame() {
        return !isFull()
                && pieces.room() - (alike ? count() : 0) >= MAX_FRAME_SEGMENTS
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
        listPieces();
        if (pieces.room() == 0 || pieces.count() - nextSegment() >= MAX_FRAME_SEGMENTS) {
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
        listPieces();
        add(first, second, frameLength, pieces.count());
        bytes += frameLength;
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
        bytes += readWhole(base, at, pieceBytes, from, n, skip);
        if (!alike) {
            listTails(base, count() - n);
        }
    }

    @SuppressWarnings({"MemorySegmentReferenceEquality", "ReferenceEquality"})
    private void noteMemory(MemorySegment base) {
        if (memory == base) {
            return;
        }
        if (count() > 0) {
            listPieces();
        }
        memory = base;
    }

    /** From now on frames may be of any kind: the tails of those that are there are listed like those of any others. */
    private void listPieces() {
        if (alike) {
            alike = false;
            listTails(memory, 0);
        }
    }

    /** Lists the tails of whole frames of one memory, from one on. */
    private void listTails(MemorySegment base, int first) {
        for (int i = first; i < count(); i++) {
            pieces.add(base, start(i) + HEAD_BYTES, length(i) - HEAD_BYTES);
        }
    }

    /**
     * Fetches what will be copied, if the burst has to wait for others: then the lines of many frames are waited for together, and not one by one
     * when each is copied, in between those of other bursts.
     */
    public void fetch() {
        if (alike) {
            touched = fetchTails(memory);
        }
    }

    /** Takes back the pieces added since the last completed frame. */
    public void dropFrame() {
        if (!alike) {
            pieces.truncate(nextSegment());
        }
    }

    /** Takes back the last completed frame. */
    public void dropLast() {
        int i = count() - 1;
        bytes -= length(i);
        offloads.forget(i);
        removeLast();
        dropFrame();
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
        listPieces();
        int i = count() - 1;
        MemorySegment to = headerCopies();
        long at = (long) i * FrameHeaders.LIMIT;
        to.set(WORD, at, head0(i));
        to.set(WORD, at + Long.BYTES, head1(i));
        pieces.copy(firstSegment(i), endSegment(i), to, at + HEAD_BYTES, n - HEAD_BYTES);
        return at;
    }

    /**
     * Makes the copy of the last frame's first {@code n} bytes a part of the frame, in place of the sender's.
     *
     * @param n more than {@link #HEAD_BYTES}, and copied
     * @return false, with nothing changed, if the frame would have too many pieces
     */
    boolean ownHeader(int n) {
        int i = count() - 1;
        int tail = n - HEAD_BYTES;
        long at = (long) i * FrameHeaders.LIMIT + HEAD_BYTES;
        if (!pieces.replaceStart(firstSegment(i), tail, headerCopies(), at, tail, MAX_FRAME_SEGMENTS)) {
            return false;
        }
        setPieces(i, length(i), firstSegment(i), pieces.count());
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

    public MemorySegment segmentBase(int s) {
        return alike ? memory : pieces.base(s);
    }

    public long segmentOffset(int s) {
        return alike ? start(s) + HEAD_BYTES : pieces.offset(s);
    }

    public int segmentLength(int s) {
        return alike ? length(s) - HEAD_BYTES : pieces.length(s);
    }

    /**
     * Copies the whole of frame {@code i} to one contiguous place.
     *
     * @param to has at least {@code length(i)} bytes from {@code at}
     */
    public void copyFrame(int i, MemorySegment to, long at) {
        int frameBytes = length(i);
        if (isWhole(i)) {
            copyWhole(i, alike ? memory : pieces.base(firstSegment(i)), to, at);
        } else if (frameBytes < HEAD_BYTES) {
            copyShortHead(i, to, at, 0, frameBytes);
        } else {
            to.set(WORD, at, head0(i));
            to.set(WORD, at + Long.BYTES, head1(i));
            pieces.copy(firstSegment(i), endSegment(i), to, at + HEAD_BYTES, frameBytes - HEAD_BYTES);
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
        if (alike) {
            copyWholeOnes(frames, n, memory, to, at, skip);
            return;
        }
        for (int k = 0; k < n; k++) {
            copyFrame(frames[k], to, at[k] + skip);
        }
    }

    /** Copies bytes {@code from} to {@code from + n} of the head of frame {@code i}, one by one. */
    void copyShortHead(int i, MemorySegment to, long at, int from, int n) {
        for (int k = 0; k < n; k++) {
            int index = from + k;
            long word = index < Long.BYTES ? head0(i) : head1(i);
            to.set(ValueLayout.JAVA_BYTE, at + k, (byte) (word >>> (8 * (index & 7))));
        }
    }
}
