package io.patchbay.testbed.bench;

import io.patchbay.core.linux.Affinity;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;

/**
 * Turns of a thread that does nothing but look at the clock, on a worker's processor: how long they take beyond what they are meant to is the machine's
 * doing, whose processors others use too, and no worker's turns can be shorter.
 */
final class BareTurns {

    private final Histogram turns = new Histogram(TimeUnit.SECONDS.toNanos(10), 3);

    /** Takes turns of a length for some time, on another thread, while the caller goes on as if there were a worker to be waited for. */
    static BareTurns take(int processor, long turnNanos, long nanos, Runnable meanwhile) throws InterruptedException {
        BareTurns bare = new BareTurns();
        Thread thread = Thread.ofPlatform().start(() -> {
            Affinity.pinCurrentThread(processor);
            bare.turn(turnNanos, System.nanoTime() + nanos);
        });
        while (thread.isAlive()) {
            meanwhile.run();
        }
        thread.join();
        return bare;
    }

    private void turn(long turnNanos, long end) {
        long start = System.nanoTime();
        while (start - end < 0) {
            long now = System.nanoTime();
            while (now - start < turnNanos) {
                now = System.nanoTime();
            }
            turns.recordValue(now - start);
            start = now;
        }
    }

    String report() {
        return String.format("%,10d bare turns: %s", turns.getTotalCount(), TurnClock.percentiles(turns));
    }
}
