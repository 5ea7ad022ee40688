package io.patchbay.core.worker;

import io.netty.channel.IoHandlerFactory;
import io.netty.channel.ManualIoEventLoop;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.IntConsumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A waiter on Netty's event loop, driven by the worker's own thread; the kinds differ in how they watch one descriptor. */
abstract class LoopWaiter implements Waiter {

    private static final long SHORT_WAIT_NANOS = 1_000_000;

    private static final Logger LOG = LoggerFactory.getLogger(LoopWaiter.class);

    private final ManualIoEventLoop loop;
    private final Map<Integer, Watch> watches = new HashMap<>();
    private IntConsumer listener = LoopWaiter::nobody;
    private Optional<Throwable> thrown = Optional.empty();

    LoopWaiter(Thread thread, IoHandlerFactory factory) {
        loop = new ManualIoEventLoop(thread, factory);
    }

    /** One watched descriptor. */
    interface Watch {

        /** Whether it is to be asked for wake-ups at all; so until told otherwise. */
        void listen(boolean yes);

        /** Asks for a wake-up if nothing asks already. */
        void arm();

        /** Stops watching; the kernel may still answer later. */
        void cancel();

        /** Whether the kernel may still answer. */
        boolean isPending();

        /** Forgets the descriptor, after the kernel's last answer. */
        void forget();
    }

    abstract Watch newWatch(ManualIoEventLoop loop, int descriptor);

    @Override
    public final void watch(List<Integer> descriptors) {
        Set<Integer> wanted = new HashSet<>(descriptors);
        watches.entrySet().removeIf(entry -> {
            boolean gone = !wanted.contains(entry.getKey());
            if (gone) {
                end(entry.getValue());
            }
            return gone;
        });
        for (int descriptor : wanted) {
            watches.computeIfAbsent(descriptor, d -> newWatch(loop, d));
        }
    }

    @Override
    public final void listen(int descriptor, boolean yes) {
        Watch watch = watches.get(descriptor);
        if (watch != null) {
            watch.listen(yes);
        }
    }

    private void end(Watch watch) {
        watch.cancel();
        while (watch.isPending()) {
            loop.run(SHORT_WAIT_NANOS);
        }
        watch.forget();
    }

    @Override
    public final void sleep(long maxNanos, IntConsumer rang) {
        for (Watch watch : watches.values()) {
            watch.arm();
        }
        listener = rang;
        try {
            loop.run(maxNanos);
        } finally {
            listener = LoopWaiter::nobody;
        }
        if (thrown.isPresent()) {
            Throwable now = thrown.get();
            thrown = Optional.empty();
            if (now instanceof Error error) {
                throw error;
            }
            throw (RuntimeException) now;
        }
    }

    /** To be called by a watch that finds its descriptor readable. Netty's loop is not to see what the listener throws: it would wait, and go on. */
    final void rang(int descriptor) {
        try {
            listener.accept(descriptor);
        } catch (RuntimeException | Error e) {
            listener = LoopWaiter::nobody;
            thrown = Optional.of(e);
        }
    }

    private static void nobody(int descriptor) {
        // It rang while no one slept, because its watch is being ended.
    }

    @Override
    public final void wakeUp() {
        try {
            // A task, not just a call of wakeup: epoll's handler forgets one that comes while nobody sleeps.
            loop.execute(LoopWaiter::nothing);
        } catch (RejectedExecutionException e) {
            LOG.trace("nobody sleeps here any more", e);
        }
    }

    private static void nothing() {
        // That there is something to do is what ends a sleep.
    }

    @Override
    public final void close() {
        watch(List.of());
        var _ = loop.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
        while (!loop.isTerminated()) {
            loop.runNow();
        }
    }
}
