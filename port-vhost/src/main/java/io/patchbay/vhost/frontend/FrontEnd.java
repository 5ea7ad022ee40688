package io.patchbay.vhost.frontend;

import io.patchbay.core.linux.Fd;
import io.patchbay.vhost.ring.RingLayout;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;
import java.util.stream.IntStream;

/**
 * A guest with one network device: shared memory, pairs of virtqueues, a connection to the switch. What is said of no pair in particular is about the
 * first, and most guests have no other.
 *
 * <p>Confined to one thread.
 */
public final class FrontEnd implements AutoCloseable {

    private final FrontEndSettings settings;
    private final GuestLayout guest;
    private Optional<VhostClient> client;
    private final List<QueuePair> pairs;

    private FrontEnd(Optional<VhostClient> client, FrontEndSettings settings, int longestFrame) {
        this.client = client;
        this.settings = settings;
        this.guest = new GuestLayout(settings, longestFrame);
        this.pairs = IntStream.range(0, settings.queuePairs())
                .mapToObj(pair -> new QueuePair(
                        guest.receiveRing(pair), guest.transmitRing(pair, longestFrame), settings.headerBytes()))
                .toList();
    }

    /**
     * Connects, negotiates and starts all queues; every receive buffer is posted.
     *
     * @param longestFrame bytes of the longest frame that will be sent
     * @throws IOException if the device does not answer or refuses something
     */
    public static FrontEnd connect(String socket, FrontEndSettings settings, int longestFrame) throws IOException {
        FrontEnd frontEnd = new FrontEnd(Optional.of(VhostClient.connect(socket)), settings, longestFrame);
        try {
            frontEnd.setup().negotiate();
            for (int index = 0; index < 2 * settings.queuePairs(); index++) {
                frontEnd.start(index);
            }
            frontEnd.pairs.forEach(QueuePair::postAllReceiveBuffers);
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
        frontEnd.pairs.forEach(QueuePair::postAllReceiveBuffers);
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
        for (int index = 0; index < 2 * pairs.size(); index++) {
            start(index, base.applyAsInt(index));
        }
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
        return pair(index / 2).kick(GuestLayout.isReceive(index));
    }

    /** What a virtqueue's guest is called by; stays the front end's. */
    public Fd call(int index) {
        return pair(index / 2).call(GuestLayout.isReceive(index));
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

    /** Stops all queues: from now on the device writes to no memory of the guest. */
    public void stop() throws IOException {
        for (int index = 0; index < 2 * pairs.size(); index++) {
            stop(index);
        }
    }

    /** Enables or disables a pair, as {@code ethtool -L} in a guest does. */
    public void enable(int pair, boolean on) throws IOException {
        setup().enable(2 * pair, on);
        setup().enable(2 * pair + 1, on);
    }

    /** The descriptor tables, or rings: of the latter the device writes descriptors too. */
    public List<MemorySegment> descriptors() {
        return guest.descriptors();
    }

    /**
     * The parts of {@link #memory} that only the device writes to, each in pages of its own: the used rings, or the device's event suppression
     * areas; then the receive buffers.
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

    /** The rings of a pair, and what is sent and received by them. */
    public QueuePair pair(int number) {
        return pairs.get(number);
    }

    public DriverRing receiveRing() {
        return pair(0).receiveRing();
    }

    public DriverRing transmitRing() {
        return pair(0).transmitRing();
    }

    public int headerBytes() {
        return settings.headerBytes();
    }

    /** As {@link QueuePair#showTransmit}. */
    public void showTransmit() {
        pair(0).showTransmit();
    }

    /** As {@link QueuePair#showReceive}. */
    public void showReceive() {
        pair(0).showReceive();
    }

    /** As {@link QueuePair#takeAll}. */
    public int takeAll() {
        return pair(0).takeAll();
    }

    /** As {@link QueuePair#kickTransmit}. */
    public void kickTransmit() {
        pair(0).kickTransmit();
    }

    /** As {@link QueuePair#kickReceive}. */
    public void kickReceive() {
        pair(0).kickReceive();
    }

    /** As {@link QueuePair#send(byte[])}. */
    public boolean send(byte[] frame) {
        return pair(0).send(frame);
    }

    /** As {@link QueuePair#send(byte[], byte[])}. */
    public boolean send(byte[] header, byte[] frame) {
        return pair(0).send(header, frame);
    }

    /** As {@link QueuePair#reclaim}. */
    public int reclaim() {
        return pair(0).reclaim();
    }

    /** A frame and the header before it. */
    public record Received(byte[] header, byte[] frame) {}

    /** As {@link QueuePair#receiveWithHeader}. */
    public Optional<Received> receiveWithHeader() {
        return pair(0).receiveWithHeader();
    }

    /** As {@link QueuePair#receive}. */
    public Optional<byte[]> receive() {
        return pair(0).receive();
    }

    @Override
    public void close() {
        client.ifPresent(VhostClient::close);
        pairs.forEach(QueuePair::close);
        guest.close();
    }
}
