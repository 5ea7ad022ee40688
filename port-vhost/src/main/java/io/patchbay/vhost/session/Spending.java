package io.patchbay.vhost.session;

import io.patchbay.core.linux.ThreadClock;
import java.time.Duration;
import java.util.Optional;

/**
 * The processor time that front ends cost, and how long they have to be left alone for it: those that are served, and those that come meanwhile. Confined
 * to the session's thread, whose time it is.
 */
final class Spending {

    /** What a message, or a front end that comes, costs others: workers take notice of what changes, and touch memory that is new. */
    private static final long COST_TO_OTHERS_NANOS = 50_000;

    private final Allowance served;
    private final Allowance comers;
    private final ThreadClock clock = new ThreadClock();
    private final Tally tally;

    Spending(Allowance.Limit limit, Tally tally) {
        this.served = new Allowance(limit, System::nanoTime);
        this.comers = new Allowance(limit, System::nanoTime);
        this.tally = tally;
    }

    /** What was done since anything was spent was for the front end that is served. */
    void onServed() {
        served.spend(clock.lap());
    }

    /** The same for those that come meanwhile. */
    void onComers() {
        comers.spend(clock.lap());
    }

    /** The front end that is served makes work for others. */
    void onOthersWork() {
        served.spend(COST_TO_OTHERS_NANOS);
    }

    /** How long front ends have to be left alone, if at all: they are kept waiting once more then. */
    Optional<Duration> beginRest() {
        Optional<Duration> rest = rest();
        if (rest.isPresent()) {
            tally.keptWaiting();
        }
        return rest;
    }

    /** How much longer. */
    Optional<Duration> rest() {
        return served.pause();
    }

    /** How long those that come while one is served have to be left alone. */
    Optional<Duration> restFromComers() {
        return comers.pause();
    }
}
