package io.patchbay.core.control;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Does something again and again on a thread of its own, also after it has failed. */
final class Ticker implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(Ticker.class);

    private final ScheduledExecutorService thread;
    private final String name;
    private final Runnable tick;
    private boolean failing;

    private Ticker(String name, Runnable tick) {
        this.name = name;
        this.tick = tick;
        thread = Executors.newSingleThreadScheduledExecutor(
                Thread.ofPlatform().name(name).daemon().factory());
    }

    /** @param name of the thread, and in the log */
    static Ticker start(String name, Duration period, Runnable tick) {
        Ticker ticker = new Ticker(name, tick);
        var _ = ticker.thread.scheduleAtFixedRate(
                ticker::run, period.toNanos(), period.toNanos(), TimeUnit.NANOSECONDS);
        return ticker;
    }

    private void run() {
        try {
            tick.run();
            failing = false;
        } catch (RuntimeException | Error e) { // the executor would never call again, and not say so
            if (!failing) {
                LOG.error("{}: failed, and is tried again until it succeeds", name, e);
            }
            failing = true;
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }
}
