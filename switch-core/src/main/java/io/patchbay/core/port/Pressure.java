package io.patchbay.core.port;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.PollSet;

/**
 * Whether an uplink is full, with a hysteresis.
 *
 * <pre>
 *                 a write finds no room, or the sender has nothing more
 *                 to send and three quarters of the buffer are in use
 *   has room  ─────────────────────────────────────────────────────────►  full
 *             ◄─────────────────────────────────────────────────────────
 *                        less than half of the buffer is in use
 * </pre>
 *
 * <p>A packet socket says how much it has buffered (SIOCOUTQ). A tap does not; it only says whether half of its buffer is in use, so with a tap that is
 * what counts when a sender has nothing more to send. Neither has to be asked while little was written since there was much room.
 *
 * <p>A queueing discipline that refuses a frame (ENOBUFS) has a limit the socket does not know of, and nobody rings when it has room: it is tried
 * again after a while.
 *
 * <p>Confined to who holds the transmitter's lock.
 */
final class Pressure {

    /** How often the kernel is asked at most whether there is room. */
    private static final long LOOK_NANOS = 20_000;

    private static final long FIRST_RETRY_NANOS = 500_000;
    private static final long LAST_RETRY_NANOS = 8_000_000;

    /** What the kernel accounts for a frame besides its bytes, at least. */
    private static final int FRAME_OVERHEAD = 512;

    private final FrameSink sink;
    private final PollSet writable = new PollSet(1);
    private final long holdNanos;
    private boolean full;
    private boolean refused;
    private long since;
    private long looked;
    private long retryNanos = FIRST_RETRY_NANOS;
    private long retryAt;
    private long written;

    Pressure(FrameSink sink, long holdNanos) {
        this.sink = sink;
        this.holdNanos = holdNanos;
    }

    boolean isFull() {
        return full;
    }

    /** When it became full. */
    long since() {
        return since;
    }

    /** Whether the time is up for which frames are held. */
    boolean isStuck(long now) {
        return full && now - since >= holdNanos;
    }

    long retryAt() {
        if (!full) {
            return System.nanoTime() + Long.MAX_VALUE / 2;
        }
        return refused ? Math.min(retryAt, since + holdNanos) : since + holdNanos;
    }

    /** Notes that the kernel did not take a frame; true if there was room before. */
    boolean becomeFull(int errno, long now) {
        boolean before = full;
        full = true;
        refused = errno == Errno.ENOBUFS;
        if (refused) {
            retryAt = now + retryNanos;
            retryNanos = Math.min(2 * retryNanos, LAST_RETRY_NANOS);
        }
        if (!before) {
            since = now;
        }
        return !before;
    }

    /** Notes that the kernel took frames. */
    void wrote(long frames, long bytes) {
        full = false;
        retryNanos = FIRST_RETRY_NANOS;
        written += bytes + frames * FRAME_OVERHEAD;
    }

    /** Whether a write is worth trying. */
    boolean mayTry(long now) {
        if (!full) {
            return true;
        }
        if (refused) {
            return now - retryAt >= 0;
        }
        if (now - looked < LOOK_NANOS) {
            return false;
        }
        looked = now;
        return hasRoom(now);
    }

    /** Whether the descriptor becomes writable when there is room: what was refused behind it left it writable. */
    boolean rings() {
        return !refused;
    }

    /** Whether half of the buffer is free. */
    boolean hasRoom(long now) {
        if (refused) {
            return now - retryAt >= 0;
        }
        boolean room = writable.clear().add(sink.descriptor(), PollSet.OUT).isReady();
        if (room) {
            written = 0;
        }
        return room;
    }

    /** Whether so much of the buffer is in use that a sender without more to send should wait; true if there was room before. */
    boolean becomeFullWhenIdle(long now) {
        long buffer = sink.bufferBytes();
        if (full || buffer == 0 || written < buffer / 4) {
            return false;
        }
        long buffered = sink.bufferedBytes();
        if (buffered >= 0) {
            written = Math.max(0, buffered - buffer / 2);
            return buffered >= buffer / 4 * 3 && becomeFull(Errno.EAGAIN, now);
        }
        return !hasRoom(now) && becomeFull(Errno.EAGAIN, now);
    }
}
