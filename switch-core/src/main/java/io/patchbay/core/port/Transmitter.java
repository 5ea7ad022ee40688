package io.patchbay.core.port;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Delivery;
import java.util.Optional;

/**
 * The way out to a port.
 *
 * <p>Called by any worker, several at once: an implementation that shares a queue between workers holds a {@link SpinLock} for one
 * burst. Never called after the {@link PortContext#publish} that withdrew it has returned.
 */
public interface Transmitter {

    /**
     * Sends frames of a burst, in order, and counts each as delivered or dropped, also if it throws because a sender's memory has gone.
     *
     * <p>Nothing of the burst is kept when this returns: frames are copied into the receiver's memory or handed to the kernel.
     *
     * @param burst read only
     * @param frames indices of the frames to send
     * @param count how many of {@code frames} are meant, at least 1
     */
    void transmit(Burst burst, int[] frames, int count);

    /**
     * Sends frames of several bursts, in order: the same as {@link #transmit(Burst, int[], int)} for each of them. An implementation that does better
     * may be called again after it threw, to go on with the next frame.
     */
    default void transmit(Delivery delivery) {
        while (delivery.nextRun()) {
            transmit(delivery.burst(), delivery.frames(), delivery.count());
        }
    }

    /** The same way out for frames that can wait until there is room; absent if this one drops what it has no room for. */
    default Optional<HoldingTransmitter> holding() {
        return Optional.empty();
    }
}
