package io.patchbay.core.worker;

/**
 * For how long an empty worker polls before it sleeps, learnt from how long it was empty before.
 *
 * <p>Polling pays if the next frame comes before a wake-up would have been over, and burns a processor if it does not. Frames that come evenly,
 * but further apart than the longest window, would find a worker that had always polled in vain: after such a gap it sleeps at once, until gaps
 * are short again. So the kernel polls for halted virtual processors, too.
 *
 * <pre>
 *   gap longer than the longest window    the window closes
 *   gap between the window and that       it doubles, from {@value #FIRST_NANOS} ns
 *   gap within the window                 it stays
 * </pre>
 */
final class SpinWindow {

    private static final long FIRST_NANOS = 5_000;

    private final long longestNanos;
    private long nanos;

    /** @param longestNanos 0: never polls; {@link Long#MAX_VALUE}: never sleeps */
    SpinWindow(long longestNanos) {
        this.longestNanos = longestNanos;
        this.nanos = longestNanos;
    }

    /** How long to poll now. */
    long nanos() {
        return nanos;
    }

    /** There was nothing to do for so long, polled through or slept through. */
    void ended(long gapNanos) {
        if (gapNanos > longestNanos) {
            nanos = 0;
        } else if (gapNanos > nanos) {
            nanos = Math.min(longestNanos, Math.max(FIRST_NANOS, 2 * nanos));
        }
    }
}
