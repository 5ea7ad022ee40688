package io.patchbay.core.port;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.linux.FrameBatch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Frames on their way to the kernel, as pieces: each frame's head, from memory of ours, and the segments of its tail where they lie in the guest's.
 * Nothing is copied by us, but for short frames where a second piece costs the kernel more than a short copy costs us.
 *
 * <pre>
 *   0          16 - header       16                    32
 *  +----------+----------------+---------------------+- - - - - - - -+
 *  |          | virtio-net     | head of the frame   | short tail    |   times {@value FrameBatch#CAPACITY}
 *  +----------+----------------+---------------------+- - - - - - - -+
 *              one piece: header and head, and the tail if it is copied
 * </pre>
 *
 * <p>Confined to one thread at a time. Nothing here allocates after construction.
 */
final class OutgoingFrames {

    private static final int HEADER_ROOM = 16;
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final FrameBatch batch = new FrameBatch();
    private final int headerBytes;
    private final int onePieceBytes;
    private final int slotBytes;
    private final MemorySegment heads;

    /**
     * @param headerBytes of the virtio-net header before each frame, 10 or 12; 0 if there is none
     * @param onePieceBytes how long a frame may be to be copied into one piece
     */
    OutgoingFrames(int headerBytes, int onePieceBytes) {
        this.headerBytes = headerBytes;
        this.onePieceBytes = onePieceBytes;
        this.slotBytes = HEADER_ROOM + Math.max(Burst.HEAD_BYTES, onePieceBytes + Long.BYTES);
        this.heads = Arena.ofAuto().allocate((long) FrameBatch.CAPACITY * slotBytes, Long.BYTES);
    }

    /** The frames, with their headers. */
    FrameBatch batch() {
        return batch;
    }

    boolean hasRoomFor(Burst burst, int frame) {
        return batch.hasRoom(burst.endSegment(frame) - burst.firstSegment(frame) + 1);
    }

    /**
     * Adds a frame, for which there must be {@link #hasRoomFor room}.
     *
     * @param offload what its header says is left to be done, if there is a header
     */
    void add(Burst burst, int frame, long offload) {
        int length = burst.length(frame);
        long at = (long) batch.frames() * slotBytes + HEADER_ROOM;
        if (headerBytes > 0) {
            int headerLength = offload == Offload.NONE ? 0 : burst.offloads().headerLength(frame);
            long header = at - headerBytes;
            heads.set(WORD, header, Offload.headerWord(offload, headerLength));
            heads.set(HALF, header + Long.BYTES, (short) Offload.csumOffset(offload));
        }
        heads.set(WORD, at, burst.head0(frame));
        heads.set(WORD, at + Long.BYTES, burst.head1(frame));
        if (length <= onePieceBytes) {
            copyTail(burst, frame, at);
            batch.add(heads, at - headerBytes, headerBytes + length);
        } else {
            batch.add(heads, at - headerBytes, headerBytes + Math.min(length, Burst.HEAD_BYTES));
            for (int s = burst.firstSegment(frame), end = burst.endSegment(frame); s < end; s++) {
                batch.add(burst.segmentBase(s), burst.segmentOffset(s), burst.segmentLength(s));
            }
        }
        batch.end(headerBytes + length);
    }

    /** Copies what follows a frame's head. What is missing because memory has gone is zero, and never another frame's. */
    private void copyTail(Burst burst, int frame, long at) {
        long to = at + Burst.HEAD_BYTES;
        for (long clean = to, end = at + burst.length(frame); clean < end; clean += Long.BYTES) {
            heads.set(WORD, clean, 0);
        }
        for (int s = burst.firstSegment(frame), end = burst.endSegment(frame); s < end; s++) {
            MemorySegment.copy(burst.segmentBase(s), burst.segmentOffset(s), heads, to, burst.segmentLength(s));
            to += burst.segmentLength(s);
        }
    }
}
