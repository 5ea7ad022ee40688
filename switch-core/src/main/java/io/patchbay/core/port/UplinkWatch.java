package io.patchbay.core.port;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.LinkEvents;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetNamespace;
import io.patchbay.core.linux.PollSet;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What an uplink's watcher waits for: that the kernel says that some device has changed, or that somebody rings. It waits alone. */
final class UplinkWatch implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(UplinkWatch.class);

    private final UplinkDevice device;
    private final EventFd bell;
    private final PollSet set = new PollSet(2);
    private LinkEvents events;

    private UplinkWatch(UplinkDevice device) {
        this.device = device;
        this.events = listen(device);
        this.bell = EventFd.create();
    }

    /**
     * Listens where the device is.
     *
     * @param port the port's name, for errors
     */
    static UplinkWatch open(String port, UplinkDevice device) throws PortException {
        try {
            return new UplinkWatch(device);
        } catch (LinuxException e) {
            boolean mayNotEnter = e.call().equals("setns") && e.errno() == Errno.EPERM;
            String why = mayNotEnter ? ": this takes the capability CAP_SYS_ADMIN" : "";
            throw new PortException(
                    "port " + port + ": cannot watch " + device.describe() + ": " + e.getMessage() + why, e);
        }
    }

    private static LinkEvents listen(UplinkDevice device) {
        return NetNamespace.call(device.namespace(), LinkEvents::open);
    }

    /**
     * Listens in the namespace that has the device's namespace's name now, if there is one. What happened there before, nobody says. For who waits.
     */
    void renew() {
        try {
            LinkEvents fresh = listen(device);
            events.close();
            events = fresh;
        } catch (LinuxException e) {
            LOG.debug("still listening where {} was: {}", device.describe(), e.getMessage());
        }
    }

    /** Wakes who waits, or will. Any thread may. */
    void ring() {
        bell.signal();
    }

    /** Waits for as long as it takes. */
    void await() {
        prepared().await();
        clear();
    }

    /**
     * Waits until something has happened.
     *
     * @return false if nothing has within the time
     */
    boolean await(Duration atMost) {
        boolean any = prepared().await(atMost);
        clear();
        return any;
    }

    private PollSet prepared() {
        return set.clear().add(events.number(), PollSet.IN).add(bell.number(), PollSet.IN);
    }

    private void clear() {
        boolean _ = events.drain();
        bell.drain();
    }

    /** Nobody waits any more, or rings. */
    @Override
    public void close() {
        events.close();
        bell.close();
    }
}
