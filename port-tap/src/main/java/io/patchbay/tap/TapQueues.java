package io.patchbay.tap;

import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.ReceiveBatch;
import io.patchbay.core.linux.TapFile;
import io.patchbay.core.linux.TapReader;
import io.patchbay.core.linux.TapWriter;
import io.patchbay.core.port.FrameSink;
import io.patchbay.core.port.FrameSource;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.UplinkDevice;
import io.patchbay.core.port.UplinkQueue;
import io.patchbay.core.port.UplinkTransmitter;
import io.patchbay.core.port.UplinkTransmitters;
import io.patchbay.core.port.WhenFull;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The open queues of a tap or macvtap device. */
record TapQueues(List<TapFile> files, List<Io> io, PortQueues queues, boolean carrierIsOurs)
        implements UplinkDevice.Attachment {

    private static final Logger LOG = LoggerFactory.getLogger(TapQueues.class);

    /** Up to here the copy is cheaper than that the kernel looks for a second piece. */
    private static final int ONE_PIECE_BYTES = 256;

    /** @param bufferBytes memory that frames may use which were written and wait to be sent on; unlimited if absent */
    record Sending(WhenFull whenFull, Optional<Integer> bufferBytes) {

        private static final int HOLDING_BYTES = 1 << 20;

        /** What the settings say; a port that holds frames needs a limit, since without one it is never full. */
        static Sending of(WhenFull whenFull, Optional<Integer> bytes) {
            return new Sending(whenFull, whenFull.hold() ? Optional.of(bytes.orElse(HOLDING_BYTES)) : bytes);
        }
    }

    /** What reads a queue, and what writes to it. */
    record Io(ReceiveBatch batch, TapReader reader, TapWriter writer) {

        static Io of(TapFile file, PortContext context, Sending sending) {
            ReceiveBatch batch = new ReceiveBatch(TapFile.HEADER_BYTES);
            TapReader reader = new TapReader(file, batch, context.mayUseIoUring());
            try {
                // A frame that is held has all others behind it wait, too.
                boolean mayRing = context.mayUseIoUring() && !sending.whenFull().hold();
                return new Io(batch, reader, new TapWriter(file, mayRing));
            } catch (RuntimeException e) {
                reader.close();
                throw e;
            }
        }

        void close() {
            reader.close();
            writer.close();
        }
    }

    /** Makes the files, taken over, into queues that can be published. If that fails, closing the files lets go of the device. */
    static TapQueues ofTap(List<TapFile> files, PortContext context, Sending sending, Runnable trouble) {
        return of(files, context, sending, trouble, true);
    }

    /** The same of a macvtap device, whose carrier is the one of the interface below; there may be no files if the port is not enabled. */
    static TapQueues ofMacvtap(List<TapFile> files, PortContext context, Sending sending, Runnable trouble) {
        return of(files, context, sending, trouble, false);
    }

    private static TapQueues of(
            List<TapFile> files, PortContext context, Sending sending, Runnable trouble, boolean carrierIsOurs) {
        List<Io> io = new ArrayList<>();
        try {
            files.forEach(file -> io.add(Io.of(file, context, sending)));
            PortQueues queues = files.isEmpty() ? PortQueues.NONE : queues(files, io, context, sending, trouble);
            return new TapQueues(files, List.copyOf(io), queues, carrierIsOurs);
        } catch (RuntimeException e) {
            // Each ring holds its file, and with it a queue of the device that nobody would read.
            io.forEach(Io::close);
            throw e;
        }
    }

    private static PortQueues queues(
            List<TapFile> files, List<Io> io, PortContext context, Sending sending, Runnable trouble) {
        List<ReceiveQueue> receive = new ArrayList<>();
        List<UplinkTransmitter> transmit = new ArrayList<>();
        for (int q = 0; q < files.size(); q++) {
            int takes = offerOffloads(files.get(q));
            sending.bufferBytes().ifPresent(files.get(q)::setSendBuffer);
            int fd = files.get(q).number();
            Source source = new Source(fd, io.get(q).batch(), io.get(q).reader(), trouble);
            receive.add(new UplinkQueue(source, context.counters().receive(q)));
            transmit.add(new UplinkTransmitter(
                    new Sink(fd, io.get(q).writer(), sending.bufferBytes().orElse(0)),
                    context.counters().transmit(q),
                    TapFile.HEADER_BYTES,
                    takes,
                    sending.whenFull()));
        }
        return new PortQueues(receive, Optional.of(UplinkTransmitters.of(transmit)));
    }

    /** Lets the kernel leave to us what it can, and gives what that is: it takes as much from us. Linux before 6.2 knows no USO. */
    private static int offerOffloads(TapFile file) {
        try {
            file.setOffloads(OffloadSet.ALL);
            return OffloadSet.ALL;
        } catch (LinuxException e) {
            int withoutUso = OffloadSet.ALL & ~(OffloadSet.USO4 | OffloadSet.USO6);
            LOG.debug("without segmentation of UDP: {}", e.getMessage());
            file.setOffloads(withoutUso);
            return withoutUso;
        }
    }

    private record Sink(int descriptor, TapWriter writer, long bufferBytes) implements FrameSink {

        @Override
        public int write(FrameBatch batch, int from) {
            return writer.write(batch, from);
        }

        @Override
        public int onePieceBytes() {
            return ONE_PIECE_BYTES;
        }
    }

    private record Source(int descriptor, ReceiveBatch batch, TapReader reader, Runnable trouble)
            implements FrameSource {

        @Override
        public int read(int from, int most) {
            int n = reader.read(from, most);
            if (n < 0 && n != -Errno.EAGAIN) {
                trouble.run();
            }
            return n;
        }
    }

    /**
     * What the host had sent before the carrier went stays in the device, as it does while a daemon that is there is slow; a tap of ours cannot be
     * closed in between, since one that does not persist would be gone.
     */
    @Override
    public boolean setEnabled(boolean enabled) {
        if (carrierIsOurs) {
            files.getFirst().setCarrier(enabled);
        }
        return carrierIsOurs;
    }

    @Override
    public boolean isThere() {
        return files.isEmpty() || files.getFirst().isAttached();
    }

    @Override
    public void close() {
        io.forEach(Io::close);
        files.forEach(TapFile::close);
    }
}
