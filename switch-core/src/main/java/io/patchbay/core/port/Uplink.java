package io.patchbay.core.port;

import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.NetNamespace;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * A port to a network device of the host, which may go away at any time and come back.
 *
 * <p>A thread of its own sleeps until the kernel says that some device has changed, or a worker that its own does not answer; then it looks. A
 * device that has gone is let go of, and taken into use again when one of its name is there. It is not made anew: whoever deleted it meant it.
 *
 * <p>A device without a link is not sent to, and what was learnt behind it is forgotten, as a bridge does: its stations may have gone elsewhere. It is
 * still read from, so that nothing stale waits in it.
 */
public final class Uplink implements Port {

    private static final Logger LOG = LoggerFactory.getLogger(Uplink.class);

    /** How soon something is done again of which nobody says when it is time. */
    private static final Duration RETRY = Duration.ofMillis(500);

    private final String name;
    private final UplinkDevice device;
    private final UplinkOffer offer = new UplinkOffer();
    private boolean enabled = true;
    private Optional<Running> running = Optional.empty();
    private Optional<UplinkDevice.Attachment> attachment = Optional.empty();
    private boolean failed;
    private boolean forgetAgain;
    private boolean attachedAnew;
    private boolean unsure;

    /** The namespace the device in use was found in. */
    private Optional<Object> home = Optional.empty();

    private volatile boolean closed;
    private volatile PortStatus status = PortStatus.down("not started");
    private volatile Optional<NetDevice.Link> link = Optional.empty();

    private record Running(PortContext context, UplinkWatch watch, Thread watcher) {}

    public Uplink(String name, UplinkDevice device) {
        this.name = name;
        this.device = device;
    }

    @Override
    public synchronized void start(PortContext context) throws PortException {
        offer.count(context.counters());
        UplinkWatch watch = UplinkWatch.open(name, device);
        Thread watcher = Thread.ofPlatform().name("uplink-" + name).daemon().unstarted(() -> watch(watch));
        Running starting = new Running(context, watch, watcher);
        try {
            attach(starting);
        } catch (PortException | RuntimeException e) {
            watch.close();
            throw e;
        }
        running = Optional.of(starting);
        look();
        watcher.start();
    }

    @Override
    public synchronized void setEnabled(boolean wanted) throws PortException {
        enabled = wanted;
        if (running.isEmpty()) {
            return;
        }
        boolean afresh = failed && wanted;
        failed = failed && !wanted;
        try {
            if (attachment.isPresent() && !attachment.get().setEnabled(wanted)) {
                detach(running.get().context());
            }
            if (attachment.isEmpty() && !failed && (afresh || device.look().isPresent())) {
                attach(running.get());
            }
            look();
        } catch (LinuxException e) {
            throw new PortException("port " + name + ": " + e.getMessage(), e);
        } finally {
            running.get().watch().ring(); // what could not be done now is tried again
        }
    }

    private void attach(Running r) throws PortException {
        UplinkDevice.Attachment fresh;
        try {
            home = namespace();
            fresh = device.attach(r.context(), enabled, r.watch()::ring);
        } catch (PortException | LinuxException e) {
            throw new PortException("port " + name + ": " + e.getMessage(), e);
        }
        attachment = Optional.of(fresh);
        offer.beginAnew();
        if (device.namespace().isPresent()) {
            attachedAnew = true;
            r.watch().ring();
        }
    }

    /** The namespace that has the name of the device's now. */
    private Optional<Object> namespace() {
        return device.namespace().map(NetNamespace::identity);
    }

    private void watch(UplinkWatch watch) {
        while (!closed) {
            boolean timeIsUp = false;
            if (mayBeTimeWithoutAnybodySayingSo()) {
                timeIsUp = !watch.await(RETRY);
            } else {
                watch.await();
            }
            if (mayHaveToListenElsewhere()) {
                watch.renew();
            }
            check(timeIsUp);
        }
    }

    /**
     * A device that is there but cannot be used is tried again: nobody says when another program lets go of it. One in a namespace is looked at again
     * and again: the namespace may be another of the same name by now, and nobody hears of that.
     */
    private synchronized boolean mayBeTimeWithoutAnybodySayingSo() {
        boolean waits = attachment.isEmpty() && link.isPresent();
        return !failed && (forgetAgain || unsure || waits || device.namespace().isPresent());
    }

    /** A namespace that was deleted lives on while somebody listens in it, and says nothing of the one that has its name now. */
    private synchronized boolean mayHaveToListenElsewhere() {
        boolean may = device.namespace().isPresent() && (attachment.isEmpty() || attachedAnew);
        attachedAnew = false;
        return may;
    }

    private synchronized void check(boolean timeIsUp) {
        if (closed || failed || running.isEmpty()) {
            return;
        }
        PortContext context = running.get().context();
        if (forgetAgain && timeIsUp) {
            forgetAgain = false;
            context.forgetAddresses();
        }
        try {
            boolean isThere = attachment.isPresent() && attachment.get().isThere();
            // A namespace that was deleted lives on while its device is in use, and nobody gets there any more.
            boolean movesOn = isThere && !namespace().equals(home);
            if (attachment.isPresent() && (movesOn || !isThere)) {
                String why = movesOn ? " is in a namespace whose name another has now" : " has gone";
                LOG.warn("port {}: {}{}", name, device.describe(), why);
                detach(context);
                context.forgetAddresses();
            }
            look();
            if (attachment.isEmpty() && (link.isPresent() || movesOn)) {
                attach(running.get());
                LOG.info("port {}: {} is back", name, device.describe());
                look();
            }
        } catch (PortException e) {
            waitFor(String.valueOf(e.getMessage()));
        } catch (LinuxException e) {
            PortStatus before = status;
            cannotTell(e);
            tell(before);
        } catch (RuntimeException e) {
            LOG.error("port {}: looking after {} failed", name, device.describe(), e);
            waitFor(e.toString());
        }
    }

    private void waitFor(String reason) {
        PortStatus before = status;
        status = PortStatus.down(reason);
        if (!status.equals(before)) {
            LOG.warn("{}; trying again", reason);
            running.ifPresent(r -> r.context().statusChanged());
        }
    }

    /** Sees how the device stands, offers what can be used of it, and says so if it stands otherwise than before. */
    private void look() {
        PortStatus before = status;
        try {
            seeHowTheDeviceStands();
            unsure = false;
        } catch (LinuxException e) {
            cannotTell(e);
        }
        tell(before);
        log(before); // after what counts: a log may be slow
    }

    /** Nobody may be looking when a cable is pulled, and it may be back when somebody does. What the operator has asked for is logged by who asked. */
    private void log(PortStatus before) {
        if (enabled && !unsure && attachment.isPresent() && !status.equals(before)) {
            LOG.atLevel(status.up() ? Level.INFO : Level.WARN).log("port {}: {}", name, status.reason());
        }
    }

    /** That one could not look says nothing about the device: what is in use stays in use, and one looks again. */
    private void cannotTell(LinuxException e) {
        boolean used = attachment.isPresent();
        unsure = true;
        link = used ? link : Optional.empty();
        PortStatus now =
                new PortStatus(used && status.up(), device.describe() + " cannot be looked at: " + e.getMessage());
        if (!now.equals(status)) {
            LOG.warn("port {}: {}; trying again", name, now.reason());
        }
        status = now;
    }

    private void tell(PortStatus before) {
        running.map(Running::context).ifPresent(context -> {
            offer.offer(context, attachment.map(UplinkDevice.Attachment::queues).orElse(PortQueues.NONE), status.up());
            if (before.up() && !status.up()) {
                forgetWhatIsBehindALostLink(context);
            }
            if (!status.equals(before)) {
                context.statusChanged();
            }
        });
    }

    /** Forgets twice: until what had come before is read, it is learnt from. */
    private void forgetWhatIsBehindALostLink(PortContext context) {
        if (attachment.isPresent()) {
            context.forgetAddresses();
            forgetAgain = true;
        }
    }

    private void seeHowTheDeviceStands() {
        link = device.look();
        if (attachment.isEmpty()) {
            if (link.isEmpty()) {
                status = PortStatus.down(device.describe() + " has gone; waiting for it to return");
            }
        } else if (link.isEmpty()) {
            status = PortStatus.up(device.describe() + " was renamed, or moved to another network namespace");
        } else if (!link.get().up()) {
            status = PortStatus.down(device.describe() + " is down");
        } else if (!link.get().running()) {
            status = PortStatus.down(device.describe() + " has no carrier");
        } else {
            status = PortStatus.up(device.describe() + " is up");
        }
    }

    @Override
    public PortStatus status() {
        return status;
    }

    @Override
    public Record details() {
        return UplinkDetails.of(device, link, offer.room(device.whenFull()));
    }

    @Override
    public synchronized void fault(Throwable cause) {
        LOG.error("port {}: taken out of service", name, cause);
        failed = true;
        status = PortStatus.down("failed: " + cause);
        running.ifPresent(r -> {
            detach(r.context());
            r.context().forgetAddresses();
            r.context().statusChanged();
        });
    }

    private void detach(PortContext context) {
        attachment.ifPresent(a -> {
            offer.withdraw(context);
            a.close();
        });
        attachment = Optional.empty();
        forgetAgain = false;
    }

    @Override
    public void close() {
        closed = true;
        end().ifPresent(r -> {
            r.watch().ring();
            Threads.joinUninterruptibly(r.watcher());
            r.watch().close();
        });
    }

    private synchronized Optional<Running> end() {
        Optional<Running> ending = running;
        ending.ifPresent(r -> {
            detach(r.context());
            status = PortStatus.down("closed");
        });
        running = Optional.empty();
        return ending;
    }
}
