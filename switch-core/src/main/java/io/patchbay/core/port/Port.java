package io.patchbay.core.port;

/**
 * One connection of the switch: a guest, or an uplink.
 *
 * <p>{@link #start}, {@link #close} and {@link #fault} are called by control threads, one at a time. {@link #status} and {@link #details}
 * are called by any thread and answer at once.
 */
public interface Port extends AutoCloseable {

    /**
     * Opens what can be opened now and begins to serve. A peer that is not there yet is no error: the port waits for it and says so in
     * its status.
     *
     * @throws PortException if the port can never work as configured: no such device, no permission, address taken
     */
    void start(PortContext context) throws PortException;

    /**
     * Tells that the operator has shut the port, or opened it again. Called by control threads, also before {@link #start}; perhaps
     * again with the same.
     *
     * <p>No frame passes a port that is shut, whatever it does about it ({@link GatedPort}). A port tells its peer if it can, as a tap shows its
     * host a device without a carrier; one that had failed tries again when it is opened.
     *
     * @throws PortException if its peer could not be told
     */
    default void setEnabled(boolean enabled) throws PortException {}

    /** Whether the port carries frames, and if not, why. */
    PortStatus status();

    /** What an operator may want to see of the port: a record whose components become JSON. */
    Record details();

    /**
     * Whether the memory the port has lent to the workers is still all there. A port without shared memory says true.
     *
     * <p>Called by a worker after a memory access failed, to find the port whose peer took its memory away. May use system calls.
     */
    default boolean memoryIntact() {
        return true;
    }

    /**
     * When a file behind that memory was last changed other than by writing to it, such as by shrinking and growing it again, in milliseconds
     * since 1970; files that are sealed against shrinking do not count. {@link Long#MIN_VALUE} if there is no such file.
     *
     * <p>Called by a worker after a memory access failed although every port's memory is there. May use system calls.
     */
    default long memoryChangedMillis() {
        return Long.MIN_VALUE;
    }

    /**
     * A worker found that the port cannot go on; it has stopped polling the port's queues. The port withdraws them and drops its peer, or
     * starts anew.
     */
    void fault(Throwable cause);

    /** Withdraws everything published, closes every descriptor, ends every thread. Idempotent. */
    @Override
    void close();
}
