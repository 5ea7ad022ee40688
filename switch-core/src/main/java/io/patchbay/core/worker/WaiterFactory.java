package io.patchbay.core.worker;

/** Makes the {@link Waiter} of a worker, on the worker's own thread. */
@FunctionalInterface
public interface WaiterFactory {

    /**
     * @param thread the thread that will use the waiter
     */
    Waiter create(Thread thread);
}
