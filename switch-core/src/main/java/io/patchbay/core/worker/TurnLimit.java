package io.patchbay.core.worker;

import java.util.function.LongSupplier;

/**
 * How long a turn may take. Many queues that are all full make a turn as long as they are many, and for so long nothing else is looked at: what
 * waits for room, injected frames, a newer topology.
 *
 * <p>The clock is looked at only after some work, so that a turn with little to do does not pay for it.
 *
 * <p>Confined to its worker.
 */
final class TurnLimit {

    /**
     * A turn ends after the queue's share with which it has taken so long. A tenth of the millisecond that a turn should take at most: what was
     * gathered is still to be delivered, which takes as long again, or three times as long if rings and buffers have fallen out of the caches. And the host
     * takes the processor away for a millisecond a few times a second: of turns that are short, fewer than one in a thousand is hit.
     */
    static final long NANOS = 100_000;

    /** Frames between two looks at the clock: a few of 64 KiB take as long as many small ones. */
    static final int FRAMES_BETWEEN_LOOKS = 8;

    private final LongSupplier clock;
    private int nextLook;
    private boolean began;
    private long start;

    /** @param clock nanoseconds since whenever */
    TurnLimit(LongSupplier clock) {
        this.clock = clock;
    }

    /** Begins a turn. The clock is read when the first work has been done, which is not counted. */
    void begin() {
        nextLook = FRAMES_BETWEEN_LOOKS;
        began = false;
    }

    /**
     * Whether the turn should end.
     *
     * @param work how much was done in it so far, in frames
     */
    boolean isReached(int work) {
        return work >= nextLook && look(work);
    }

    private boolean look(int work) {
        nextLook = work + FRAMES_BETWEEN_LOOKS;
        long now = clock.getAsLong();
        if (!began) {
            began = true;
            start = now;
            return false;
        }
        return now - start >= NANOS;
    }
}
