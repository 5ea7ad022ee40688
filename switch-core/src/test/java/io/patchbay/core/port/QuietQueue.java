package io.patchbay.core.port;

/** A queue that has nothing to ring with, so that a worker must not sleep, and keeps nothing that is to be given back. */
public interface QuietQueue extends ReceiveQueue {

    @Override
    default void release() {}

    @Override
    default int wakeDescriptor() {
        return -1;
    }

    @Override
    default boolean arm() {
        return true;
    }

    @Override
    default void disarm() {}

    @Override
    default void clearWakeUp() {}
}
