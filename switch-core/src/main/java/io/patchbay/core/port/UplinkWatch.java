package io.patchbay.core.port;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.LinkEvents;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetNamespace;
import io.patchbay.core.linux.PollSet;
import java.time.Duration;

/** What an uplink's watcher waits for: that the kernel says that some device has changed, or that somebody rings. It waits alone. */
final class UplinkWatch implements AutoCloseable {

    private final LinkEvents events;
    private final EventFd bell = EventFd.create();
    private final PollSet set = new PollSet(2);

    private UplinkWatch(LinkEvents events) {
        this.events = events;
    }

    /**
     * Listens where the device is.
     *
     * @param port the port's name, for errors
     */
    static UplinkWatch open(String port, UplinkDevice device) throws PortException {
        try {
            return new UplinkWatch(NetNamespace.call(device.namespace(), LinkEvents::open));
        } catch (LinuxException e) {
            boolean mayNotEnter = e.call().equals("setns") && e.errno() == Errno.EPERM;
            String why = mayNotEnter ? ": this takes the capability CAP_SYS_ADMIN" : "";
            throw new PortException(
                    "port " + port + ": cannot watch " + device.describe() + ": " + e.getMessage() + why, e);
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
