package io.patchbay.core.port;

import io.patchbay.core.linux.NetDevice;
import java.util.Optional;

/** One kind of network device an {@link Uplink} can be: how it is found and taken into use. Called by control threads, one at a time. */
public interface UplinkDevice {

    /** What an operator calls it, such as {@code tap device tap0}. */
    String describe();

    /** The file of the network namespace the device is looked for in; the daemon's own if absent. */
    Optional<String> namespace();

    /** The device as it stands, if it is there. */
    Optional<NetDevice.Link> look();

    /**
     * Takes the device into use, having made it if this kind does that, and sets it up as configured.
     *
     * @param enabled if not, the device is held as if no cable were plugged in, and neither read nor written
     * @param trouble to be called, by any thread, when the device does not answer any more
     * @throws PortException if it cannot be used as configured
     */
    Attachment attach(PortContext context, boolean enabled, Runnable trouble) throws PortException;

    /** What becomes of frames for the device while it takes no more. */
    default WhenFull whenFull() {
        return WhenFull.DROP;
    }

    /** A device in use. */
    interface Attachment extends AutoCloseable {

        /** What the workers get of it while the port is enabled. */
        PortQueues queues();

        /**
         * Takes the cable out, as far as the host can see, or plugs it in again.
         *
         * @return false, with nothing done, if the device has to be let go of and attached anew for that
         */
        default boolean setEnabled(boolean enabled) {
            return false;
        }

        /** Whether it is still there, perhaps under another name or in another namespace. */
        boolean isThere();

        /** Lets go of the device. Nobody uses the queues any more. */
        @Override
        void close();
    }
}
