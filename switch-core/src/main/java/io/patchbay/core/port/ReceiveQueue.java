package io.patchbay.core.port;

import io.patchbay.core.frame.Burst;

/**
 * A queue the switch receives frames from: a guest's transmit virtqueue, or the reading side of an uplink.
 *
 * <p>All methods are called by the one worker that owns the queue, never after the {@link PortContext#publish} that withdrew it has
 * returned. A method that throws takes the port down ({@link Port#fault}) and leaves worker and other ports alone; conditions that a
 * guest can bring about should be counted instead.
 */
public interface ReceiveQueue {

    /**
     * Takes frames in. The frames' memory stays borrowed until {@link #release()}.
     *
     * @param burst empty; at most {@code limit} frames are added
     * @param limit 1 to {@link Burst#CAPACITY}
     * @return entries consumed: frames added to the burst and frames counted as dropped; 0 when nothing was waiting
     */
    int poll(Burst burst, int limit);

    /** Gives back everything taken by {@link #poll} since the last release, and notifies the peer if it wants to know. */
    void release();

    /**
     * Gives back what was taken before a frame of the burst, and leaves that frame and everything after it with the peer, as if never taken: they
     * come again with a later {@link #poll}, of this queue or of one that takes its place.
     *
     * @param first number of a frame of the burst taken by the last {@link #poll}, which was not released
     * @return false, with nothing done, if the peer cannot take frames back
     */
    default boolean putBack(int first) {
        return false;
    }

    /** The descriptor that becomes readable when a frame arrives while the queue is armed, or -1 if the queue must be polled. */
    int wakeDescriptor();

    /**
     * Asks the peer to wake us, then looks once more.
     *
     * @return true if a frame is already waiting, so that the worker must not sleep
     */
    boolean arm();

    /** Tells the peer that wake-ups are not needed: the worker is polling. */
    void disarm();

    /** Makes {@link #wakeDescriptor} unreadable, which was found readable, unless taking in what waits does. */
    void clearWakeUp();

    /** Counters of this queue, to which the forwarding adds the drops it decides on. */
    QueueCounters counters();
}
