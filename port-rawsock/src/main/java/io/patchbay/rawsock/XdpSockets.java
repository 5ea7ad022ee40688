package io.patchbay.rawsock;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.PacketSocket;
import io.patchbay.core.linux.XdpProgram;
import io.patchbay.core.linux.XdpSocket;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A socket on every receive queue of an interface, and the program that brings them its frames. A queue without one would go on giving its frames to the
 * host.
 */
final class XdpSockets implements AutoCloseable {

    /** Far more than a host has processors to serve. */
    private static final int MOST_QUEUES = 256;

    private final List<XdpSocket> sockets;
    private final int sending;
    private final XdpProgram program;
    private final Optional<Fd> promiscuity;

    private XdpSockets(List<XdpSocket> sockets, int sending, XdpProgram program, Optional<Fd> promiscuity) {
        this.sockets = List.copyOf(sockets);
        this.sending = sending;
        this.program = program;
        this.promiscuity = promiscuity;
    }

    /** Opens them on an interface of the calling thread's namespace. */
    static XdpSockets open(RawSocketSettings settings, NetDevice.Link link) {
        String name = settings.networkInterface();
        Optional<NetDevice.Channels> channels = NetDevice.channels(name);
        List<XdpSocket> sockets = new ArrayList<>();
        Optional<Fd> promiscuity = Optional.empty();
        try {
            openAll(sockets, settings, link, channels.map(NetDevice.Channels::receive));
            sockets.forEach(socket -> socket.setMtu(link.mtu()));
            promiscuity = settings.promiscuous().orElse(true)
                    ? Optional.of(PacketSocket.promiscuous(name, link.index()))
                    : Optional.empty();
            XdpProgram program = XdpProgram.attach(name, link.index(), sockets);
            int sending = Math.clamp(channels.map(NetDevice.Channels::transmit).orElse(1), 1, sockets.size());
            return new XdpSockets(sockets, sending, program, promiscuity);
        } catch (RuntimeException e) {
            sockets.forEach(XdpSocket::close);
            promiscuity.ifPresent(Fd::close);
            throw e;
        }
    }

    private static void openAll(
            List<XdpSocket> sockets, RawSocketSettings settings, NetDevice.Link link, Optional<Integer> queues) {
        // A driver that does not say how many there are has the kernel refuse the first that is not there.
        int most = Math.clamp(queues.orElse(MOST_QUEUES), 1, MOST_QUEUES);
        for (int queue = 0; queue < most; queue++) {
            try {
                sockets.add(XdpSocket.open(
                        settings.networkInterface(),
                        link.index(),
                        queue,
                        settings.xdpReceiveBytes(),
                        settings.xdpSendBytes()));
            } catch (LinuxException e) {
                if (queues.isEmpty() && queue > 0 && e.errno() == Errno.EINVAL) {
                    return;
                }
                throw e;
            }
        }
    }

    /** By receive queue. */
    List<XdpSocket> all() {
        return sockets;
    }

    /** How many of them have a transmit queue of the same number: the first ones. */
    int sending() {
        return sending;
    }

    boolean isInDriver() {
        return program.isInDriver();
    }

    /** Whether the interface has left none of them. */
    boolean areBound() {
        return sockets.stream().allMatch(XdpSocket::isBound);
    }

    void setMtu(int mtu) {
        sockets.forEach(socket -> socket.setMtu(mtu));
    }

    /** Gives the interface back to the host. */
    @Override
    public void close() {
        program.close();
        promiscuity.ifPresent(Fd::close);
        sockets.forEach(XdpSocket::close);
    }
}
