package io.patchbay.core.port;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.linux.RoomBell;

/**
 * A way out that lets senders wait while it is full, instead of dropping their frames.
 *
 * <p>Whoever offers frames keeps those that are not taken, and everything that is behind them in the queue they came from, and offers them again:
 * when a {@link #bell} rings, or at {@link #retryAt}. Nobody waits for longer than the port's {@link WhenFull} says: a port that has been full
 * for so long drops what it is offered until there is room.
 */
public interface HoldingTransmitter extends Transmitter {

    /**
     * Sends frames of a burst, in order, until one finds no room; each that is dealt with is counted as delivered or dropped. If it throws, all of them
     * have been.
     *
     * @return how many were dealt with, 0 to {@code count}; the rest is as if it had not been offered
     */
    int offer(Burst burst, int[] frames, int count);

    /** Counts frames that begin to wait. */
    void held(int frames);

    /** Counts frames as dropped because the port is full: those that nobody waits for, such as copies of a flood. */
    void refuse(int frames);

    /** When to offer again even if no bell has rung, by {@link System#nanoTime}; something far away while the port is not full. */
    long retryAt();

    /** Whether an offer would find room now. Asks the kernel. */
    boolean hasRoom();

    /**
     * Whether a {@link #bell} rings when there is room. If not, because what has no room is behind the descriptor it watches, it would ring all the time, and
     * only {@link #retryAt} counts.
     */
    boolean rings();

    /** For how long it has been full, in milliseconds; 0 if it has room. Any thread may ask, and sees how it was a moment ago. */
    long fullForMillis();

    /** A bell of the caller's own that rings when there is room for the frames the calling thread offers. The caller closes it. */
    RoomBell bell();
}
