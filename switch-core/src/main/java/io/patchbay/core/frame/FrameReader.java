package io.patchbay.core.frame;

import java.lang.foreign.MemorySegment;

/**
 * Reads one frame of a burst front to back in pieces of any size: the way to spread a frame over several buffers.
 *
 * <p>Confined to one thread at a time; reused from frame to frame, so that nothing is allocated.
 */
public final class FrameReader {

    private static final Burst NOTHING = new Burst(0, 0);

    private Burst burst = NOTHING;
    private int frame;
    private int position;
    private int segment;
    private int segmentPosition;

    /** Starts at the first byte of a frame. */
    public void start(Burst from, int index) {
        burst = from;
        frame = index;
        position = 0;
        segment = from.firstSegment(index);
        segmentPosition = 0;
    }

    /** Bytes of the frame not read yet. */
    public int remaining() {
        return burst.length(frame) - position;
    }

    /** Copies the next {@code n} bytes; {@code n} is at most {@link #remaining()}. */
    public void copy(MemorySegment to, long at, int n) {
        int left = n;
        long target = at;
        if (position < Burst.HEAD_BYTES) {
            int fromHead = Math.min(left, Burst.HEAD_BYTES - position);
            burst.copyShortHead(frame, to, target, position, fromHead);
            position += fromHead;
            target += fromHead;
            left -= fromHead;
        }
        while (left > 0) {
            int available = burst.segmentLength(segment) - segmentPosition;
            if (available == 0) {
                segment++;
                segmentPosition = 0;
                continue;
            }
            int step = Math.min(left, available);
            MemorySegment.copy(
                    burst.segmentBase(segment), burst.segmentOffset(segment) + segmentPosition, to, target, step);
            segmentPosition += step;
            position += step;
            target += step;
            left -= step;
        }
    }
}
