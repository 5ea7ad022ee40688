package io.patchbay.tap;

import io.patchbay.core.frame.MacAddress;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.IoVector;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.port.FrameSource;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.PortStatus;
import io.patchbay.core.port.UplinkQueue;
import io.patchbay.core.port.UplinkTransmitter;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A port to the host. */
public final class TapPort implements Port {

    private static final Logger LOG = LoggerFactory.getLogger(TapPort.class);

    private final String name;
    private final TapSettings settings;
    private volatile Optional<Running> running = Optional.empty();
    private volatile String down = "not started";

    private record Running(Fd tap, PortContext context) {}

    /** What {@code port show} says of a tap port. */
    public record Details(String device, String address, int mtu, boolean up, boolean carrier) {}

    TapPort(String name, TapSettings settings) {
        this.name = name;
        this.settings = settings;
    }

    @Override
    public synchronized void start(PortContext context) throws PortException {
        Fd tap;
        try {
            tap = NetDevice.openTap(settings.device());
        } catch (LinuxException e) {
            throw new PortException(
                    "port " + name + ": cannot open tap device " + settings.device() + ": " + e.getMessage(), e);
        }
        try {
            settings.mtu().ifPresent(mtu -> NetDevice.setMtu(settings.device(), mtu));
            if (settings.up().orElse(true)) {
                NetDevice.setUp(settings.device());
            }
        } catch (LinuxException e) {
            tap.close();
            throw new PortException(
                    "port " + name + ": cannot set up tap device " + settings.device() + ": " + e.getMessage(), e);
        }
        running = Optional.of(new Running(tap, context));
        int fd = tap.number();
        context.publish(new PortQueues(
                List.of(new UplinkQueue(new TapSource(fd), context.counters().receive(0))),
                Optional.of(new UplinkTransmitter(
                        (vector, count) -> FileCalls.writev(fd, vector, count),
                        context.counters().transmit(0)))));
    }

    private record TapSource(int descriptor) implements FrameSource {

        @Override
        public long read(IoVector vector, int count) {
            return FileCalls.readv(descriptor, vector, count);
        }

        @Override
        public int tag() {
            return NO_TAG;
        }
    }

    @Override
    public PortStatus status() {
        if (running.isEmpty()) {
            return PortStatus.down(down);
        }
        try {
            return NetDevice.info(settings.device()).up()
                    ? PortStatus.up("device " + settings.device() + " is up")
                    : PortStatus.down("device " + settings.device() + " is down");
        } catch (LinuxException e) {
            // Moved to another network namespace, or deleted: the descriptor tells, not the name.
            return PortStatus.up("device " + settings.device() + " is not visible here: " + e.getMessage());
        }
    }

    @Override
    public Record details() {
        try {
            NetDevice.Link info = NetDevice.info(settings.device());
            return new Details(
                    settings.device(),
                    HexFormat.ofDelimiter(":").formatHex(info.address()),
                    info.mtu(),
                    info.up(),
                    info.running());
        } catch (LinuxException e) {
            LOG.debug("port {}: {}", name, e.getMessage());
            return new Details(settings.device(), MacAddress.format(0), 0, false, false);
        }
    }

    @Override
    public synchronized void fault(Throwable cause) {
        LOG.error("port {}: taken out of service", name, cause);
        down = "failed: " + cause;
        close();
    }

    @Override
    public synchronized void close() {
        running.ifPresent(r -> {
            r.context().publish(PortQueues.NONE);
            r.tap().close();
        });
        running = Optional.empty();
    }
}
