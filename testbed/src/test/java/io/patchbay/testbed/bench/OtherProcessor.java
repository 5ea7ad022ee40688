package io.patchbay.testbed.bench;

import io.patchbay.core.linux.Affinity;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;

/** A thread with a processor of its own that does what it is told, while whoever tells it waits. Both spin, so that nothing is lost by waking up. */
final class OtherProcessor implements AutoCloseable {

    private static final int QUESTIONS = 50_000;
    private static final Runnable NOTHING = () -> {};
    private static final Runnable QUESTION = () -> {};

    private final AtomicReference<Runnable> task = new AtomicReference<>(NOTHING);
    private volatile boolean running = true;
    private final Thread thread;

    OtherProcessor(int processor) {
        thread = Thread.ofPlatform().daemon().start(() -> {
            Affinity.pinCurrentThread(processor);
            serve();
        });
    }

    private void serve() {
        while (running) {
            Runnable told = task.get();
            if (told != NOTHING) {
                told.run();
                task.setRelease(NOTHING);
            }
        }
    }

    /** Returns when it is done. */
    void run(Runnable what) {
        task.setRelease(what);
        while (task.get() != NOTHING) {
            if (!thread.isAlive()) {
                throw new IllegalStateException("the other processor broke off");
            }
        }
    }

    /** {@link #answerNanos} of one processor to another, while whoever asks here sleeps. */
    static long answerNanos(int from, int to) throws InterruptedException {
        AtomicLong nanos = new AtomicLong();
        Thread asking = Thread.ofPlatform().start(() -> {
            Affinity.pinCurrentThread(from);
            nanos.set(askNanos(to));
        });
        asking.join();
        return nanos.get();
    }

    private static long askNanos(int processor) {
        try (OtherProcessor other = new OtherProcessor(processor)) {
            return other.answerNanos();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Nanoseconds until it has done nothing: two to three times what a cache line takes to it and back. */
    long answerNanos() {
        long start = 0;
        for (int i = -QUESTIONS; i < QUESTIONS; i++) {
            if (i == 0) {
                start = System.nanoTime(); // it is awake, and compiled
            }
            run(QUESTION);
        }
        return (System.nanoTime() - start) / QUESTIONS;
    }

    @Override
    public void close() throws InterruptedException {
        running = false;
        thread.join();
    }
}
