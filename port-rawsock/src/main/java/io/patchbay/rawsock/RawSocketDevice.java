package io.patchbay.rawsock;

import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.NetNamespace;
import io.patchbay.core.linux.PacketFanout;
import io.patchbay.core.linux.PacketReader;
import io.patchbay.core.linux.PacketSocket;
import io.patchbay.core.linux.ReceiveBatch;
import io.patchbay.core.port.FrameSink;
import io.patchbay.core.port.FrameSource;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.UplinkQueue;
import io.patchbay.core.port.UplinkTransmitter;
import io.patchbay.core.port.UplinkTransmitters;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** An interface that is there already, reached by packet sockets: one, or several among which the kernel divides the flows. */
final class RawSocketDevice extends BoundInterface {

    /** What the kernel does with a frame it is handed, whatever the interface can. UDP segmentation it has learnt only lately. */
    private static final int KERNEL_DOES = OffloadSet.ALL & ~(OffloadSet.USO4 | OffloadSet.USO6);

    /** Past the queueing discipline it throws away what the interface cannot segment itself. */
    private static final int KERNEL_DOES_IN_BYPASS = OffloadSet.CSUM;

    private final RawSocketSettings settings;

    RawSocketDevice(RawSocketSettings settings) {
        super(settings);
        this.settings = settings;
    }

    @Override
    Attachment attach(NetDevice.Link link, PortContext context, boolean enabled, Runnable trouble) {
        int sockets = settings.queues().orElse(context.workers());
        List<PacketSocket> open = enabled
                ? NetNamespace.call(
                        settings.namespace(),
                        () -> PacketFanout.open(
                                settings.networkInterface(), link.index(), settings.socketOptions(), sockets))
                : List.of();
        try {
            return attachment(
                    queues(open, context, trouble),
                    link,
                    () -> open.stream().allMatch(PacketSocket::isBound),
                    now -> {},
                    () -> open.forEach(PacketSocket::close));
        } catch (RuntimeException e) {
            open.forEach(PacketSocket::close);
            throw e;
        }
    }

    @Override
    protected String hint(LinuxException failure) {
        return failure.errno() == Errno.EPERM ? "this takes the capability CAP_NET_RAW" : "";
    }

    private PortQueues queues(List<PacketSocket> sockets, PortContext context, Runnable trouble) {
        if (sockets.isEmpty()) {
            return PortQueues.NONE;
        }
        List<ReceiveQueue> receive = new ArrayList<>();
        List<UplinkTransmitter> transmit = new ArrayList<>();
        for (int q = 0; q < sockets.size(); q++) {
            PacketSocket socket = sockets.get(q);
            receive.add(new UplinkQueue(
                    Source.of(socket, trouble), context.counters().receive(q)));
            transmit.add(new UplinkTransmitter(
                    new Sink(socket, socket.sendBufferBytes()),
                    context.counters().transmit(q),
                    PacketSocket.HEADER_BYTES,
                    settings.socketOptions().qdiscBypass() ? KERNEL_DOES_IN_BYPASS : KERNEL_DOES,
                    settings.full()));
        }
        return new PortQueues(receive, Optional.of(UplinkTransmitters.of(transmit)));
    }

    private record Sink(PacketSocket socket, long bufferBytes) implements FrameSink {

        @Override
        public int write(FrameBatch batch, int from) {
            return socket.send(batch, from);
        }

        @Override
        public int descriptor() {
            return socket.number();
        }

        @Override
        public long bufferedBytes() {
            return socket.bufferedBytes();
        }
    }

    private record Source(PacketSocket socket, ReceiveBatch batch, PacketReader reader, Runnable trouble)
            implements FrameSource {

        static Source of(PacketSocket socket, Runnable trouble) {
            ReceiveBatch batch = new ReceiveBatch(PacketSocket.HEADER_BYTES);
            return new Source(socket, batch, socket.reader(batch), trouble);
        }

        @Override
        public int read(int from, int most) {
            int n = reader.read(from, most);
            if (n == -Errno.ENETDOWN) {
                trouble.run();
            }
            return n;
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
}
