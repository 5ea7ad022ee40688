package io.patchbay.testbed.bench;

import io.patchbay.core.worker.WorkerCounters;
import io.patchbay.core.worker.WorkerCounters.Count;
import org.HdrHistogram.Histogram;

/**
 * How long turns of a worker take, seen from outside by its counters, so that the worker does nothing for it. Pauses of the whole virtual machine are
 * in it: they keep the watcher from seeing the counters change as they keep the worker from changing them.
 *
 * <p>If several turns passed between two looks each counts as their mean, so a single long one is seen only if the watcher looks meanwhile.
 */
final class TurnClock {

    private static final long LONGEST_NANOS = 10_000_000_000L;

    private final WorkerCounters counters;
    private Histogram busyTurns = new Histogram(LONGEST_NANOS, 3);
    private long busy;
    private long idle;
    private long since;

    TurnClock(WorkerCounters counters) {
        this.counters = counters;
        restart();
    }

    private void restart() {
        busyTurns = new Histogram(LONGEST_NANOS, 3);
        busy = counters.get(Count.BUSY_TURNS);
        idle = counters.get(Count.IDLE_TURNS);
        since = System.nanoTime();
    }

    void look() {
        long busyNow = counters.get(Count.BUSY_TURNS);
        long idleNow = counters.get(Count.IDLE_TURNS);
        long turns = busyNow - busy + idleNow - idle;
        if (turns == 0) {
            return;
        }
        long now = System.nanoTime();
        if (busyNow > busy) {
            busyTurns.recordValueWithCount((now - since) / turns, busyNow - busy);
        }
        busy = busyNow;
        idle = idleNow;
        since = now;
    }

    /** Turns that moved frames since the last call, in words. */
    String report() {
        String text = String.format("%,10d busy turns: %s", busyTurns.getTotalCount(), percentiles(busyTurns));
        restart();
        return text;
    }

    /** Of nanoseconds, in words. */
    static String percentiles(Histogram histogram) {
        return String.format(
                "p50 %7.1f  p99 %7.1f  p99.9 %7.1f  max %8.1f µs",
                histogram.getValueAtPercentile(50) / 1e3,
                histogram.getValueAtPercentile(99) / 1e3,
                histogram.getValueAtPercentile(99.9) / 1e3,
                histogram.getMaxValue() / 1e3);
    }
}
