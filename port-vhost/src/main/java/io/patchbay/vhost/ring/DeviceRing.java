package io.patchbay.vhost.ring;

/**
 * The device's side of a virtqueue: the little that the TX and RX loops need, whatever the layout.
 *
 * <p>Chains become available in order; the device reads them by their distance from the next one ({@code ahead}), consumes some, and gives
 * each back with {@link #use}. {@link #publish} makes everything used so far visible to the driver at once.
 *
 * <p>Confined to one worker at a time.
 */
public interface DeviceRing {

    /** Answer of {@link #available} when what the driver made available makes no sense; the ring must not be touched again. */
    int BROKEN = -1;

    /** Says where what the device writes into the ring is logged from now on: nowhere, if this is never called. */
    void logTo(RingLog log);

    /** Entries in the ring. */
    int size();

    /**
     * Chains that are available and not consumed.
     *
     * @param wanted if at least so many are known from earlier looks, the ring is not looked at again; a packed ring is not searched for more
     * @return 0 to {@link #size()}, or {@link #BROKEN}
     */
    int available(int wanted);

    /**
     * Reads the next available chains in one sweep, without consuming them.
     *
     * @param chains at most {@link ChainBatch#CAPACITY} and at most what {@link #available} said
     * @param writable whether every buffer must be device-writable, or every one device-readable
     * @param batch filled from its start
     */
    void readBatch(int chains, boolean writable, ChainBatch batch);

    /**
     * Adds the buffers of an available chain to {@code chain}.
     *
     * @param ahead 0 for the next chain to be consumed; less than what {@link #available} said
     * @param writable whether every buffer must be device-writable, or every one device-readable
     */
    ChainResult read(int ahead, boolean writable, Chain chain);

    /** Takes the next {@code n} available chains. Each must then be given back with {@link #use}, in the same order. */
    void consume(int n);

    /** Gives a consumed chain back, {@code written} bytes of it filled. The driver sees it at the next {@link #publish}. */
    void use(int head, int written);

    /**
     * Consumes the next {@code n} chains and gives them back, as chains {@code from} to {@code from + n - 1} of a batch, with what was {@linkplain
     * ChainBatch#setWritten written}.
     */
    void use(ChainBatch batch, int from, int n);

    /**
     * Shows the driver everything used so far.
     *
     * @return whether the driver wants to be notified of it; false if nothing was used
     */
    boolean publish();

    /**
     * Asks the driver to kick us at the next available chain, then looks once more.
     *
     * @return true if a chain is available already
     */
    boolean enableKicks();

    /** Tells the driver that kicks are not needed. */
    void disableKicks();

    /** Where the queue stands, in the form GET_VRING_BASE answers with. Everything consumed must have been used and published. */
    long position();

    /** Why {@link #available} or {@link #read} said that the ring is broken, for the log; empty before that. */
    String whyBroken();
}
