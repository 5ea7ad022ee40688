package io.patchbay.rawsock;

import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.NetNamespace;
import io.patchbay.core.linux.ReceiveBatch;
import io.patchbay.core.linux.XdpSocket;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.UplinkQueue;
import io.patchbay.core.port.UplinkTransmitter;
import io.patchbay.core.port.UplinkTransmitters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** An interface reached by AF_XDP sockets, one on each of its receive queues. */
final class XdpDevice extends BoundInterface {

    private static final Logger LOG = LoggerFactory.getLogger(XdpDevice.class);

    private final RawSocketSettings settings;

    XdpDevice(RawSocketSettings settings) {
        super(settings);
        this.settings = settings;
    }

    @Override
    Attachment attach(NetDevice.Link link, PortContext context, boolean enabled, Runnable trouble)
            throws PortException {
        if (link.mtu() > XdpSocket.MAX_MTU) {
            throw new PortException("cannot use " + describe() + ": its MTU is " + link.mtu()
                    + "; with mode xdp it may be at most " + XdpSocket.MAX_MTU);
        }
        if (!enabled) {
            return attachment(PortQueues.NONE, link, () -> true, now -> {}, () -> {});
        }
        XdpSockets sockets = NetNamespace.call(settings.namespace(), () -> XdpSockets.open(settings, link));
        try {
            LOG.info(
                    "port {}: all frames of {} come here by AF_XDP, {} of its queues, the program is in the {}",
                    context.name(),
                    describe(),
                    sockets.all().size(),
                    sockets.isInDriver() ? "driver" : "stack");
            // Whenever something about the interface has changed it may be its MTU.
            return attachment(
                    queues(sockets, context, trouble),
                    link,
                    sockets::areBound,
                    now -> sockets.setMtu(now.mtu()),
                    sockets::close);
        } catch (RuntimeException e) {
            sockets.close();
            throw e;
        }
    }

    private PortQueues queues(XdpSockets sockets, PortContext context, Runnable trouble) {
        List<ReceiveQueue> receive = new ArrayList<>();
        List<UplinkTransmitter> transmit = new ArrayList<>();
        for (int q = 0; q < sockets.all().size(); q++) {
            XdpSocket socket = sockets.all().get(q);
            receive.add(new UplinkQueue(
                    new XdpSource(socket, new ReceiveBatch(0)),
                    context.counters().receive(q)));
            if (q < sockets.sending()) {
                transmit.add(new UplinkTransmitter(
                        new XdpSink(socket, trouble),
                        context.counters().transmit(q),
                        0,
                        OffloadSet.NOTHING,
                        settings.full()));
            }
        }
        return new PortQueues(receive, Optional.of(UplinkTransmitters.of(transmit)));
    }

    @Override
    protected String hint(LinuxException failure) {
        return switch (failure.errno()) {
            case Errno.EPERM, Errno.EACCES ->
                "mode xdp takes the capabilities CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF, and memory that may be locked";
            case Errno.ENOBUFS ->
                "mode xdp locks memory for its frames: this takes a higher limit (ulimit -l, LimitMEMLOCK=), or the capability CAP_IPC_LOCK";
            case Errno.EBUSY, Errno.EEXIST -> "another program has the interface's XDP";
            case Errno.EAFNOSUPPORT ->
                "the kernel has no AF_XDP, or the service may not use it (RestrictAddressFamilies=)";
            default -> "";
        };
    }
}
