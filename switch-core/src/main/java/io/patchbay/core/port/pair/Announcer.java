package io.patchbay.core.port.pair;

import io.patchbay.core.frame.Rarp;
import io.patchbay.core.port.PortContext;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Tells the network behind a pair where the stations behind the switch are to be reached: a batch of announcements at a time, and everything
 * twice. Beginning anew ends what was under way.
 *
 * <p>Confined to the pair's thread.
 */
final class Announcer {

    /** At most so many at a time: no more than a worker takes in a turn or two, and a neighbour in its stride. */
    static final int BATCH = 64;

    static final long PAUSE_NANOS = 10_000_000L;
    static final int ROUNDS = 2;
    static final long ROUND_PAUSE_NANOS = 1_000_000_000L;

    private int roundsLeft;
    private long[] addresses = {};
    private int next;
    private long due;
    private final AtomicLong sent = new AtomicLong();

    /** Announcements made so far. Called by any thread. */
    long sent() {
        return sent.get();
    }

    void begin(long now) {
        roundsLeft = ROUNDS;
        addresses = new long[0];
        next = 0;
        due = now;
    }

    void end() {
        roundsLeft = 0;
    }

    /** Makes what announcements are due, and gives the nanoseconds until more are; {@link Long#MAX_VALUE} if there are none. */
    long step(PortContext context, long now) {
        if (roundsLeft > 0 && now - due >= 0) {
            announce(context, now);
        }
        return roundsLeft == 0 ? Long.MAX_VALUE : Math.max(0, due - now);
    }

    private void announce(PortContext context, long now) {
        if (next == 0) {
            addresses = context.addressesElsewhere();
        }
        int end = Math.min(addresses.length, next + BATCH);
        while (next < end && context.send(Rarp.announcement(addresses[next]))) {
            next++;
            sent.incrementAndGet();
        }
        if (next < addresses.length) {
            due = now + PAUSE_NANOS;
        } else {
            next = 0;
            roundsLeft--;
            due = now + ROUND_PAUSE_NANOS;
        }
    }
}
