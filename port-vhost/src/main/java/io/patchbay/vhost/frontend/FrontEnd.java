package io.patchbay.vhost.frontend;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.vhost.ring.RingLayout;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;

/**
 * A guest with one network device: shared memory, a pair of virtqueues, a connection to the switch.
 *
 * <p>Confined to one thread.
 */
public final class FrontEnd implements AutoCloseable {

    private static final int RECEIVE = GuestLayout.RECEIVE;
    private static final int TRANSMIT = GuestLayout.TRANSMIT;

    private final FrontEndSettings settings;
    private final GuestLayout guest;
    private Optional<VhostClient> client;
    private final EventFd[] kicks = {EventFd.create(), EventFd.create()};
    private final EventFd[] calls = {EventFd.create(), EventFd.create()};
    private final DriverRing receive;
    private final FrameReader reader;
    private final DriverRing transmit;

    private FrontEnd(Optional<VhostClient> client, FrontEndSettings settings, int longestFrame) {
        this.client = client;
        this.settings = settings;
        this.guest = new GuestLayout(settings, longestFrame);
        this.receive = guest.receiveRing();
        this.reader = new FrameReader(receive, settings.headerBytes(), this::showReceive);
        this.transmit = guest.transmitRing(longestFrame);
    }

    /**
     * Connects, negotiates and starts both queues; every receive buffer is posted.
     *
     * @param longestFrame bytes of the longest frame that will be sent
     * @throws IOException if the device does not answer or refuses something
     */
    public static FrontEnd connect(String socket, FrontEndSettings settings, int longestFrame) throws IOException {
        FrontEnd frontEnd = new FrontEnd(Optional.of(VhostClient.connect(socket)), settings, longestFrame);
        try {
            frontEnd.setup().negotiate();
            frontEnd.start(RECEIVE);
            frontEnd.start(TRANSMIT);
            frontEnd.postAllReceiveBuffers();
            return frontEnd;
        } catch (IOException | RuntimeException e) {
            frontEnd.close();
            throw e;
        }
    }

    /**
     * Connects to nothing: memory and rings for whoever tells a device of the same process about them ({@link #region}, {@link #addresses},
     * {@link #kick}, {@link #call}). Every receive buffer is posted.
     *
     * @param longestFrame bytes of the longest frame that will be sent
     */
    public static FrontEnd unconnected(FrontEndSettings settings, int longestFrame) {
        FrontEnd frontEnd = new FrontEnd(Optional.empty(), settings, longestFrame);
        frontEnd.postAllReceiveBuffers();
        return frontEnd;
    }

    /**
     * Connects again, as a VMM does whose switch has gone and come back: the same memory, rings as they stand.
     *
     * @param base what SET_VRING_BASE is told for each queue
     */
    public void reconnect(String socket, IntUnaryOperator base) throws IOException {
        client().close();
        client = Optional.of(VhostClient.connect(socket));
        setup().negotiate();
        start(RECEIVE, base.applyAsInt(RECEIVE));
        start(TRANSMIT, base.applyAsInt(TRANSMIT));
    }

    private void start(int index) throws IOException {
        start(index, RingLayout.of(settings.features()).freshBase());
    }

    /**
     * Starts a queue.
     *
     * @param base where it stands, as {@link #stop} said it
     */
    public void start(int index, long base) throws IOException {
        setup().start(index, base, kick(index), call(index));
    }

    /** Where a virtqueue lies, for a device that need not log its writes. */
    public VringAddresses addresses(int index) {
        return guest.addresses(index, false);
    }

    /** What a virtqueue is kicked by; stays the front end's. */
    public Fd kick(int index) {
        return kicks[index].descriptor();
    }

    /** What a virtqueue's guest is called by; stays the front end's. */
    public Fd call(int index) {
        return calls[index].descriptor();
    }

    /** A log with room for all of this guest's memory. */
    public DirtyLogReader newLog() {
        return guest.newLog();
    }

    /** Gives the device a log, instead of one before. */
    public void useLog(DirtyLogReader log) throws IOException {
        setup().useLog(log);
    }

    /**
     * Says what is to be logged, while the queues run, as at the beginning and at the end of a migration.
     *
     * @param buffers writes to the guest's buffers
     * @param rings writes to the used rings
     */
    public void logWrites(boolean buffers, boolean rings) throws IOException {
        setup().logWrites(buffers, rings);
    }

    /** Stops both queues: from now on the device writes to no memory of the guest. */
    public void stop() throws IOException {
        stop(RECEIVE);
        stop(TRANSMIT);
    }

    /** The descriptor tables, or rings: of the latter the device writes descriptors too. */
    public List<MemorySegment> descriptors() {
        return guest.descriptors();
    }

    /**
     * The parts of {@link #memory} that only the device writes to, each in pages of its own: the used rings, or the device's event suppression
     * areas, and the receive buffers.
     */
    public List<MemorySegment> writtenByDevice() {
        return guest.writtenByDevice();
    }

    /** Stops a queue, and gives where it stands, in the form of its layout. */
    public long stop(int index) throws IOException {
        return setup().stop(index);
    }

    private DeviceSetup setup() {
        return new DeviceSetup(client(), settings, guest);
    }

    private void postAllReceiveBuffers() {
        while (receive.free() > 0) {
            receive.offer(receive.take());
        }
        showReceive();
    }

    /** The connection, which there must be. */
    public VhostClient client() {
        return client.orElseThrow();
    }

    /** All of the guest's memory. */
    public MemorySegment memory() {
        return guest.memory();
    }

    /** The region as the device was told of it. */
    public RegionDescription region() {
        return guest.region();
    }

    /** The file behind the memory; stays the front end's. */
    public Fd memoryFile() {
        return guest.file();
    }

    public DriverRing receiveRing() {
        return receive;
    }

    public DriverRing transmitRing() {
        return transmit;
    }

    public int headerBytes() {
        return settings.headerBytes();
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

    /** Wakes the device for what was published on the transmit ring. */
    public void kickTransmit() {
        kicks[TRANSMIT].signal();
    }

    /** Wakes the device for what was published on the receive ring. */
    public void kickReceive() {
        kicks[RECEIVE].signal();
    }

    /**
     * Sends one frame, in one buffer with a header that asks for nothing.
     *
     * @return false if every transmit buffer is with the device
     */
    public boolean send(byte[] frame) {
        return send(new byte[headerBytes()], frame);
    }

    /**
     * Sends one frame, in one buffer with its header.
     *
     * @param header {@link #headerBytes} bytes
     * @return false if every transmit buffer is with the device
     */
    public boolean send(byte[] header, byte[] frame) {
        reclaim();
        if (transmit.free() == 0) {
            return false;
        }
        int id = transmit.take();
        long at = transmit.bufferOffset(id);
        MemorySegment.copy(header, 0, transmit.buffers(), ValueLayout.JAVA_BYTE, at, header.length);
        MemorySegment.copy(frame, 0, transmit.buffers(), ValueLayout.JAVA_BYTE, at + headerBytes(), frame.length);
        transmit.offerReadable(id, headerBytes() + frame.length);
        showTransmit();
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

    /** A frame and the header before it. */
    public record Received(byte[] header, byte[] frame) {}

    /** As {@link #receive}, with the header. */
    public Optional<Received> receiveWithHeader() {
        return reader.next();
    }

    /** The next frame received, put together from all its buffers; empty if none has come. */
    public Optional<byte[]> receive() {
        return receiveWithHeader().map(Received::frame);
    }

    @Override
    public void close() {
        client.ifPresent(VhostClient::close);
        for (int i = 0; i < 2; i++) {
            kicks[i].close();
            calls[i].close();
        }
        guest.close();
    }
}
