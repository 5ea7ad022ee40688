package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Frames to be written, each of pieces that may lie anywhere: an array of messages ({@link MessageHeader}) before one of their pieces
 * ({@link IoVector}).
 *
 * <p>Confined to one thread at a time. Nothing here allocates after construction.
 */
public final class FrameBatch {

    /** Most frames. */
    public static final int CAPACITY = 64;

    /** Most pieces of one frame: as many as one call takes. */
    public static final int MAX_PIECES = 1024;

    /** What whoever writes frames of a batch says if only a part of the first was taken. */
    public static final int SHORT_WRITE = Integer.MIN_VALUE;

    private static final int PIECES = 4 * CAPACITY + MAX_PIECES;

    private static final ValueLayout.OfShort TYPE = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final int TYPE_AT = 12;
    private static final int ETH_P_8021Q = 0x8100;
    private static final int ETH_P_8021AD = 0x88a8;

    private final IoVector pieces = new IoVector(PIECES);
    private final MemorySegment headers = Arena.ofAuto().allocate((long) CAPACITY * MessageHeader.OF_SEVERAL_BYTES, 8);
    private final MemorySegment[] memory = new MemorySegment[PIECES];
    private final long[] offset = new long[PIECES];
    private final int[] size = new int[PIECES];
    private final int[] end = new int[CAPACITY + 1];
    private final int[] length = new int[CAPACITY];
    private int frames;
    private int used;

    public void clear() {
        frames = 0;
        used = 0;
    }

    /** Whether a frame of so many pieces, at most {@value #MAX_PIECES}, can be added. */
    public boolean hasRoom(int more) {
        return frames < CAPACITY && used + more <= PIECES;
    }

    /** Adds a piece to the frame being built; there must be {@link #hasRoom room}. The range must lie within {@code from}. */
    public void add(MemorySegment from, long at, int bytes) {
        pieces.set(used, from, at, bytes);
        memory[used] = from;
        offset[used] = at;
        size[used++] = bytes;
    }

    /** Completes the frame. */
    public void end(int bytes) {
        int first = end[frames];
        long header = (long) frames * MessageHeader.OF_SEVERAL_BYTES;
        headers.set(JAVA_LONG, header + MessageHeader.IOV, pieces.segment().address() + (long) first * IoVector.BYTES);
        headers.set(JAVA_LONG, header + MessageHeader.IOV_LENGTH, used - first);
        length[frames++] = bytes;
        end[frames] = used;
    }

    public int frames() {
        return frames;
    }

    /** Bytes of a frame. */
    public int length(int frame) {
        return length[frame];
    }

    /** All pieces of all frames. */
    public IoVector pieces() {
        return pieces;
    }

    /** Where the pieces of a frame begin in {@link #pieces}. */
    public int first(int frame) {
        return end[frame];
    }

    /** How many pieces a frame has. */
    public int count(int frame) {
        return end[frame + 1] - end[frame];
    }

    /**
     * Copies a frame. What is missing because memory has gone is zero, and never what was there before.
     *
     * @param target must have room for {@link #length} bytes
     */
    void copy(int frame, MemorySegment target, long at) {
        target.asSlice(at, length[frame]).fill((byte) 0);
        long to = at;
        for (int p = end[frame]; p < end[frame + 1]; p++) {
            MemorySegment.copy(memory[p], offset[p], target, to, size[p]);
            to += size[p];
        }
    }

    /** Whether a frame begins with a VLAN tag. Its first piece must have its first 14 bytes, as frames of {@link #length} so many have. */
    boolean isTagged(int frame) {
        int first = end[frame];
        int type = memory[first].get(TYPE, offset[first] + TYPE_AT) & 0xffff;
        return type == ETH_P_8021Q || type == ETH_P_8021AD;
    }

    /** The headers from a frame on. */
    long headersAddress(int frame) {
        return headers.address() + (long) frame * MessageHeader.OF_SEVERAL_BYTES;
    }
}
