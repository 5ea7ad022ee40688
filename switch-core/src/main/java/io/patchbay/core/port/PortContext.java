package io.patchbay.core.port;

import java.nio.file.Path;
import java.util.Optional;

/**
 * The switch as one port sees it. Methods are called from the port's control threads, never from a worker.
 */
public interface PortContext {

    /** The port's name in the configuration. */
    String name();

    /** The port's counters; kept over restarts of the port's peer. */
    PortCounters counters();

    /** How many workers there are: a port with so many queues keeps all of them busy. */
    default int workers() {
        return 1;
    }

    /** Whether the port may read and write by io_uring: not where that is forbidden, or was not wanted. */
    default boolean mayUseIoUring() {
        return false;
    }

    /**
     * The file in which the port may keep what it must know after a restart of the switch; absent if nothing is to be kept. Neither the file
     * nor its directory need exist.
     */
    default Optional<Path> stateFile() {
        return Optional.empty();
    }

    /**
     * Sends a frame out to this port, through what it has published at the moment.
     *
     * @param frame a whole Ethernet frame; copied
     * @return false, with nothing done, if the port is shut or was removed from the switch, or more such frames wait than a worker sends in a few turns
     */
    default boolean send(byte[] frame) {
        return false;
    }

    /** Addresses learnt on other ports, those seen last first. */
    default long[] addressesElsewhere() {
        return new long[0];
    }

    /**
     * Replaces what the port offers the workers.
     *
     * <p>When this returns, no worker uses anything that was offered before and is not offered now; it may be freed. Workers that sleep
     * are woken to look at what is new. Takes one turn of the slowest worker, typically microseconds.
     *
     * @throws IllegalStateException if the port was removed from the switch
     */
    void publish(PortQueues queues);

    /** Forgets all addresses learnt on this port. */
    void forgetAddresses();

    /** Says that {@link Port#status} may have become another. A port need not say so unless its kind can be a member of a pair. */
    default void statusChanged() {}

    /**
     * Forwards a frame as if it had been received from this port: it is learnt from, and limited, like any other.
     *
     * @param frame a whole Ethernet frame; copied
     * @return false, with nothing done, if more such frames wait than a worker forwards in a few turns, or the port was removed from the switch
     */
    boolean inject(byte[] frame);
}
