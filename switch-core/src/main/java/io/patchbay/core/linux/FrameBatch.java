package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Frames to be written, each of pieces that may lie anywhere: an array of {@code struct mmsghdr} ({@code <sys/socket.h>}) before one of
 * {@code struct iovec}.
 *
 * <pre>
 *   0         56    60   64
 *  +---------+-----+----+
 *  | msghdr  | len |    |   times {@value #CAPACITY}; len is what the kernel took
 *  +---------+-----+----+
 * </pre>
 *
 * <p>Confined to one thread at a time. Nothing here allocates after construction.
 */
public final class FrameBatch {

    /** Most frames. */
    public static final int CAPACITY = 64;

    /** Most pieces of one frame: as many as one call takes. */
    public static final int MAX_PIECES = 1024;

    private static final int PIECES = 4 * CAPACITY + MAX_PIECES;
    private static final int HEADER_BYTES = 64;

    private final IoVector pieces = new IoVector(PIECES);
    private final MemorySegment headers = Arena.ofAuto().allocate((long) CAPACITY * HEADER_BYTES, 8);
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

    /** Adds a piece to the frame being built; there must be {@link #hasRoom room}. The range must lie within {@code memory}. */
    public void add(MemorySegment memory, long offset, int bytes) {
        pieces.set(used++, memory, offset, bytes);
    }

    /** Completes the frame. */
    public void end(int bytes) {
        int first = end[frames];
        long header = (long) frames * HEADER_BYTES;
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

    /** The headers from a frame on. */
    long headersAddress(int frame) {
        return headers.address() + (long) frame * HEADER_BYTES;
    }
}
