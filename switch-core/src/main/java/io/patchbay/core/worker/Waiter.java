package io.patchbay.core.worker;

import java.util.List;
import java.util.function.IntConsumer;

/**
 * Where a worker sleeps: one kernel object that watches all its descriptors.
 *
 * <p>Created and used by one thread; only {@link #wakeUp} may be called by others.
 */
public interface Waiter extends AutoCloseable {

    /** What the kernel object is, for operators: {@code io_uring} or {@code epoll}. */
    String kind();

    /**
     * Replaces the set of watched descriptors. After this returns, nothing refers to descriptors watched before and not now: they may be
     * closed, and their numbers used again for something else.
     */
    void watch(List<Integer> descriptors);

    /** Says whether a watched descriptor ends sleeps; it does, unless this was called. */
    void listen(int descriptor, boolean yes);

    /**
     * Sleeps until a watched descriptor is readable, {@link #wakeUp} was called since the last return, or {@code maxNanos} have passed,
     * whichever is first. May return early for no reason. Reads nothing from the descriptors.
     *
     * @param rang told of each descriptor that is found readable, on this thread, before anything else that is to be done after a sleep. What it throws is
     *     thrown from here when that has been done, and it is told of no others then
     */
    void sleep(long maxNanos, IntConsumer rang);

    /** Ends the current sleep, or the next one if there is none. Callable from any thread, also after {@link #close}. */
    void wakeUp();

    @Override
    void close();
}
