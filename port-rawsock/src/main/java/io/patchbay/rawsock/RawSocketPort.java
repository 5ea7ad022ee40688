package io.patchbay.rawsock;

import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.IoVector;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.PacketSocket;
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

/** A port to one network interface. */
public final class RawSocketPort implements Port {

    private static final Logger LOG = LoggerFactory.getLogger(RawSocketPort.class);

    private final String name;
    private final RawSocketSettings settings;
    private volatile Optional<Running> running = Optional.empty();
    private volatile String down = "not started";

    private record Running(PacketSocket socket, PortContext context) {}

    /** What {@code port show} says of a raw-socket port. */
    public record Details(String networkInterface, String address, int mtu, boolean up, boolean carrier) {}

    RawSocketPort(String name, RawSocketSettings settings) {
        this.name = name;
        this.settings = settings;
    }

    @Override
    public synchronized void start(PortContext context) throws PortException {
        String device = settings.networkInterface();
        try {
            NetDevice.Link info = NetDevice.info(device);
            if (info.type() != NetDevice.ARPHRD_ETHER) {
                throw new PortException("port " + name + ": interface " + device + " is not Ethernet (hardware type "
                        + info.type() + ")");
            }
            PacketSocket socket = PacketSocket.open(device, info.index(), settings.socketOptions());
            running = Optional.of(new Running(socket, context));
            int fd = socket.number();
            context.publish(new PortQueues(
                    List.of(new UplinkQueue(
                            new SocketSource(socket), context.counters().receive(0))),
                    Optional.of(new UplinkTransmitter(
                            (vector, count) -> FileCalls.writev(fd, vector, count),
                            context.counters().transmit(0)))));
        } catch (LinuxException e) {
            throw new PortException(
                    "port " + name + ": cannot open a packet socket on " + device + ": " + e.getMessage(), e);
        }
    }

    private record SocketSource(PacketSocket socket) implements FrameSource {

        @Override
        public long read(IoVector vector, int count) {
            return socket.receive(vector, count);
        }

        @Override
        public int tag() {
            return socket.receivedTag();
        }

        @Override
        public int lost() {
            return socket.takeKernelDrops();
        }

        @Override
        public int descriptor() {
            return socket.number();
        }
    }

    @Override
    public PortStatus status() {
        if (running.isEmpty()) {
            return PortStatus.down(down);
        }
        try {
            NetDevice.Link info = NetDevice.info(settings.networkInterface());
            return info.up()
                    ? PortStatus.up("interface " + settings.networkInterface() + " is up")
                    : PortStatus.down("interface " + settings.networkInterface() + " is down");
        } catch (LinuxException e) {
            return PortStatus.down(String.valueOf(e.getMessage()));
        }
    }

    @Override
    public Record details() {
        try {
            NetDevice.Link info = NetDevice.info(settings.networkInterface());
            return new Details(
                    settings.networkInterface(),
                    HexFormat.ofDelimiter(":").formatHex(info.address()),
                    info.mtu(),
                    info.up(),
                    info.running());
        } catch (LinuxException e) {
            LOG.debug("port {}: {}", name, e.getMessage());
            return new Details(settings.networkInterface(), "", 0, false, false);
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
            r.socket().close();
        });
        running = Optional.empty();
    }
}
