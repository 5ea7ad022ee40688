package io.patchbay.vhost.frontend;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * A virtqueue a guest receives on and one it transmits on, as each of its virtual processors has a pair.
 *
 * <p>Confined to one thread.
 */
public final class QueuePair implements AutoCloseable {

    private final int headerBytes;
    private final DriverRing receive;
    private final FrameReader reader;
    private final DriverRing transmit;
    private final EventFd receiveKick = EventFd.create();
    private final EventFd transmitKick = EventFd.create();
    private final EventFd receiveCall = EventFd.create();
    private final EventFd transmitCall = EventFd.create();

    QueuePair(DriverRing receive, DriverRing transmit, int headerBytes) {
        this.receive = receive;
        this.transmit = transmit;
        this.headerBytes = headerBytes;
        this.reader = new FrameReader(receive, headerBytes, this::showReceive);
    }

    public DriverRing receiveRing() {
        return receive;
    }

    public DriverRing transmitRing() {
        return transmit;
    }

    /** Bytes before each frame in its buffer. */
    public int headerBytes() {
        return headerBytes;
    }

    Fd kick(boolean ofReceive) {
        return (ofReceive ? receiveKick : transmitKick).descriptor();
    }

    Fd call(boolean ofReceive) {
        return (ofReceive ? receiveCall : transmitCall).descriptor();
    }

    void postAllReceiveBuffers() {
        while (receive.free() > 0) {
            receive.offer(receive.take());
        }
        showReceive();
    }

    /** Publishes what was offered on the transmit ring, and wakes the device if it wants to know. */
    public void showTransmit() {
        if (transmit.publish()) {
            kickTransmit();
        }
    }

    /** The same for the receive ring. */
    public void showReceive() {
        if (receive.publish()) {
            kickReceive();
        }
    }

    /** Wakes the device for what was published on the transmit ring. */
    public void kickTransmit() {
        transmitKick.signal();
    }

    /** Wakes the device for what was published on the receive ring. */
    public void kickReceive() {
        receiveKick.signal();
    }

    /** Takes what has come without looking at it, gives the buffers back, and says how many they were. */
    public int takeAll() {
        int buffers = 0;
        while (buffers < receive.size() && receive.next()) {
            receive.offer(receive.usedId());
            buffers++;
        }
        showReceive();
        return buffers;
    }

    /**
     * Sends one frame, in one buffer with a header that asks for nothing.
     *
     * @return false if every transmit buffer is with the device
     */
    public boolean send(byte[] frame) {
        return send(new byte[headerBytes], frame);
    }

    /**
     * Sends one frame, in one buffer with its header.
     *
     * @param header {@link #headerBytes} bytes
     * @return false if every transmit buffer is with the device
     */
    public boolean send(byte[] header, byte[] frame) {
        boolean room = put(header, frame);
        if (room) {
            showTransmit();
        }
        return room;
    }

    /**
     * Puts a frame with its header into a transmit buffer; the device sees it at the next {@link #showTransmit}.
     *
     * @param header {@link #headerBytes} bytes
     * @return false if every transmit buffer is with the device
     */
    public boolean put(byte[] header, byte[] frame) {
        reclaim();
        if (transmit.free() == 0) {
            return false;
        }
        int id = transmit.take();
        long at = transmit.bufferOffset(id);
        MemorySegment.copy(header, 0, transmit.buffers(), ValueLayout.JAVA_BYTE, at, header.length);
        MemorySegment.copy(frame, 0, transmit.buffers(), ValueLayout.JAVA_BYTE, at + headerBytes, frame.length);
        transmit.offerReadable(id, headerBytes + frame.length);
        return true;
    }

    /** Takes back transmit buffers the device is done with, and says how many. */
    public int reclaim() {
        int n = 0;
        while (transmit.next()) {
            transmit.putBack(transmit.usedId());
            n++;
        }
        return n;
    }

    /** As {@link #receive}, with the header. */
    public Optional<FrontEnd.Received> receiveWithHeader() {
        return reader.next();
    }

    /** The next frame received, put together from all its buffers; empty if none has come. */
    public Optional<byte[]> receive() {
        return receiveWithHeader().map(FrontEnd.Received::frame);
    }

    @Override
    public void close() {
        receiveKick.close();
        transmitKick.close();
        receiveCall.close();
        transmitCall.close();
    }
}
