package io.patchbay.vhost.frontend;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.ring.PackedRingDescriptor;
import io.patchbay.vhost.ring.RingLayout;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.MessageDescriptor;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntUnaryOperator;

/**
 * A guest with one network device: shared memory, a pair of virtqueues, a connection to the switch.
 *
 * <pre>
 *  memory:  | receive ring | receive buffers | transmit ring | transmit buffers |
 * </pre>
 *
 * <p>Confined to one thread.
 */
public final class FrontEnd implements AutoCloseable {

    private static final int PAGE = 4096;

    private static final long GUEST_ADDRESS = 0x4000_0000L;
    private static final long USER_ADDRESS = 0x7f00_1234_0000L;
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;

    private final FrontEndSettings settings;
    private final RingLayout layout;
    private Optional<VhostClient> client;
    private final Arena arena = Arena.ofShared();
    private final Fd file;
    private final MemorySegment memory;
    private final RegionDescription region;
    private final EventFd[] kicks = {EventFd.create(), EventFd.create()};
    private final EventFd[] calls = {EventFd.create(), EventFd.create()};
    private final long[] ringAt = new long[2];
    private final DriverRing receive;
    private final DriverRing transmit;

    private FrontEnd(Optional<VhostClient> client, FrontEndSettings settings, int longestFrame) {
        int transmitBufferBytes = (settings.headerBytes() + longestFrame + 63) / 64 * 64;
        this.client = client;
        this.settings = settings;
        this.layout = RingLayout.of(settings.features());
        long receiveBytes = ringBytes() + (long) settings.queueSize() * settings.bufferBytes();
        long transmitBytes = ringBytes() + (long) settings.queueSize() * transmitBufferBytes;
        long bytes = roundUp(receiveBytes) + roundUp(transmitBytes);
        this.file = SharedMemory.createMemfd("patchbay-guest", bytes);
        FileCalls.addSeals(file, FileCalls.F_SEAL_SHRINK);
        this.memory = SharedMemory.map(file, 0, bytes, arena);
        this.region = new RegionDescription(GUEST_ADDRESS, bytes, USER_ADDRESS, 0);
        this.receive = ring(RECEIVE, 0, settings.bufferBytes());
        this.transmit = ring(TRANSMIT, roundUp(receiveBytes), transmitBufferBytes);
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
            frontEnd.negotiate();
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

    private static long roundUp(long bytes) {
        return (bytes + PAGE - 1) / PAGE * PAGE;
    }

    private long ringBytes() {
        int n = settings.queueSize();
        return roundUp(SplitRingDescriptor.descriptorsBytes(n)) + roundUp(availableBytes()) + roundUp(usedBytes());
    }

    private DriverRing ring(int index, long at, int bufferBytes) {
        int n = settings.queueSize();
        ringAt[index] = at;
        long buffers = at + ringBytes();
        DriverRing.RingMemory parts = new DriverRing.RingMemory(
                memory.asSlice(at, SplitRingDescriptor.descriptorsBytes(n)),
                memory.asSlice(availableAt(at), availableBytes()),
                memory.asSlice(usedAt(at), usedBytes()),
                memory.asSlice(buffers, (long) n * bufferBytes),
                GUEST_ADDRESS + buffers);
        boolean inOrder = Feature.VIRTIO_F_IN_ORDER.in(settings.features());
        if (layout == RingLayout.PACKED) {
            return new PackedDriverRing(parts, n, bufferBytes, inOrder);
        }
        boolean eventIdx = Feature.VIRTIO_F_EVENT_IDX.in(settings.features());
        return new SplitDriverRing(parts, n, bufferBytes, index == RECEIVE, eventIdx, inOrder);
    }

    private long availableBytes() {
        return layout == RingLayout.PACKED
                ? PackedRingDescriptor.EVENT_BYTES
                : SplitRingDescriptor.availableBytes(settings.queueSize());
    }

    private long usedBytes() {
        return layout == RingLayout.PACKED
                ? PackedRingDescriptor.EVENT_BYTES
                : SplitRingDescriptor.usedBytes(settings.queueSize());
    }

    private long availableAt(long ring) {
        return ring + roundUp(SplitRingDescriptor.descriptorsBytes(settings.queueSize()));
    }

    private long usedAt(long ring) {
        return availableAt(ring) + roundUp(availableBytes());
    }

    private void negotiate() throws IOException {
        long wanted = settings.features() | Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask();
        long missing = wanted & ~client().ask(Request.GET_FEATURES);
        if (missing != 0) {
            throw new IOException("the device does not offer " + Feature.names(missing));
        }
        long protocol = client().ask(Request.GET_PROTOCOL_FEATURES)
                & ProtocolFeature.mask(
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK,
                        ProtocolFeature.VHOST_USER_PROTOCOL_F_LOG_SHMFD);
        client().tell(Request.SET_PROTOCOL_FEATURES, Message.number(protocol), List.of());
        if (ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK.in(protocol)) {
            client().negotiatedReplyAck();
        }
        client().tell(Request.SET_OWNER, new byte[0], List.of());
        client().tell(Request.SET_FEATURES, Message.number(wanted), List.of());
        client().tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(region)), List.of(file));
    }

    /**
     * Connects again, as a VMM does whose switch has gone and come back: the same memory, rings as they stand.
     *
     * @param base what SET_VRING_BASE is told for each queue
     */
    public void reconnect(String socket, IntUnaryOperator base) throws IOException {
        client().close();
        client = Optional.of(VhostClient.connect(socket));
        negotiate();
        start(RECEIVE, base.applyAsInt(RECEIVE));
        start(TRANSMIT, base.applyAsInt(TRANSMIT));
    }

    private void start(int index) throws IOException {
        start(index, layout.freshBase());
    }

    /**
     * Starts a queue.
     *
     * @param base where it stands, as {@link #stop} said it
     */
    public void start(int index, long base) throws IOException {
        client().tell(Request.SET_VRING_NUM, Message.state(index, settings.queueSize()), List.of());
        client().tell(Request.SET_VRING_BASE, Message.state(index, (int) base), List.of());
        tellAddresses(index, false);
        client().tell(Request.SET_VRING_KICK, Message.number(index), List.of(kicks[index].descriptor()));
        client().tell(Request.SET_VRING_CALL, Message.number(index), List.of(calls[index].descriptor()));
        client().tell(Request.SET_VRING_ENABLE, Message.state(index, 1), List.of());
    }

    private void tellAddresses(int index, boolean logged) throws IOException {
        client().tell(Request.SET_VRING_ADDR, Message.addresses(addresses(index, logged)), List.of());
    }

    /** Where a virtqueue lies, for a device that need not log its writes. */
    public VringAddresses addresses(int index) {
        return addresses(index, false);
    }

    private VringAddresses addresses(int index, boolean logged) {
        long at = ringAt[index];
        return new VringAddresses(
                index,
                logged ? MessageDescriptor.ADDRESS_FLAG_LOG : 0,
                USER_ADDRESS + at,
                USER_ADDRESS + usedAt(at),
                USER_ADDRESS + availableAt(at),
                GUEST_ADDRESS + usedAt(at));
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
        return DirtyLogReader.forMemoryUpTo(GUEST_ADDRESS + region.size());
    }

    /** Gives the device a log, instead of one before. */
    public void useLog(DirtyLogReader log) throws IOException {
        byte[] description = Message.log(log.description());
        if (!Arrays.equals(client().exchange(Request.SET_LOG_BASE, description, List.of(log.file())), description)) {
            throw new IOException("the device does not confirm the log");
        }
    }

    /**
     * Says what is to be logged, while the queues run, as at the beginning and at the end of a migration.
     *
     * @param buffers writes to the guest's buffers
     * @param rings writes to the used rings
     */
    public void logWrites(boolean buffers, boolean rings) throws IOException {
        long base = settings.features() | Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask();
        client().tell(
                        Request.SET_FEATURES,
                        Message.number(buffers ? base | Feature.VHOST_F_LOG_ALL.mask() : base),
                        List.of());
        tellAddresses(RECEIVE, rings);
        tellAddresses(TRANSMIT, rings);
    }

    /** Stops both queues: from now on the device writes to no memory of the guest. */
    public void stop() throws IOException {
        stop(RECEIVE);
        stop(TRANSMIT);
    }

    /** The descriptor tables, or rings: of the latter the device writes descriptors too. */
    public List<MemorySegment> descriptors() {
        long bytes = SplitRingDescriptor.descriptorsBytes(settings.queueSize());
        return List.of(memory.asSlice(ringAt[RECEIVE], bytes), memory.asSlice(ringAt[TRANSMIT], bytes));
    }

    /**
     * The parts of {@link #memory} that only the device writes to, each in pages of its own: the used rings, or the device's event suppression
     * areas, and the receive buffers.
     */
    public List<MemorySegment> writtenByDevice() {
        long used = roundUp(usedBytes());
        return List.of(
                memory.asSlice(usedAt(ringAt[RECEIVE]), used),
                memory.asSlice(usedAt(ringAt[TRANSMIT]), used),
                memory.asSlice(ringAt[RECEIVE] + ringBytes(), (long) settings.queueSize() * settings.bufferBytes()));
    }

    /** Stops a queue, and gives where it stands, in the form of its layout. */
    public long stop(int index) throws IOException {
        byte[] reply = client().exchange(Request.GET_VRING_BASE, Message.state(index, 0), List.of());
        return Message.reply(Request.GET_VRING_BASE.number(), reply).stateNumber();
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
        return memory;
    }

    /** The region as the device was told of it. */
    public RegionDescription region() {
        return region;
    }

    /** The file behind the memory; stays the front end's. */
    public Fd memoryFile() {
        return file;
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

    /** The next frame received, put together from all its buffers; empty if none has come. */
    public Optional<byte[]> receive() {
        return receiveWithHeader().map(Received::frame);
    }

    /** As {@link #receive}, with the header. */
    public Optional<Received> receiveWithHeader() {
        do {
            if (!receive.next()) {
                return Optional.empty();
            }
        } while (isGivenBackEmpty());
        MemorySegment buffers = receive.buffers();
        long at = receive.bufferOffset(receive.usedId());
        int buffersOfFrame = headerBytes() == 12 ? buffers.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 10) & 0xffff : 1;
        byte[] header = buffers.asSlice(at, headerBytes()).toArray(ValueLayout.JAVA_BYTE);
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        append(frame, headerBytes());
        for (int i = 1; i < buffersOfFrame; i++) {
            while (!receive.next()) {
                Thread.onSpinWait(); // all buffers of a frame are published together
            }
            append(frame, 0);
        }
        showReceive();
        return Optional.of(new Received(header, frame.toByteArray()));
    }

    /** Lets the device have a buffer again in which it has not even put a header, as it may if it had to give up what it had begun. */
    private boolean isGivenBackEmpty() {
        if (receive.usedLength() >= headerBytes()) {
            return false;
        }
        receive.offer(receive.usedId());
        showReceive();
        return true;
    }

    private void append(ByteArrayOutputStream frame, int skip) {
        int id = receive.usedId();
        long at = receive.bufferOffset(id) + skip;
        byte[] part = receive.buffers().asSlice(at, receive.usedLength() - skip).toArray(ValueLayout.JAVA_BYTE);
        frame.writeBytes(part);
        receive.offer(id);
    }

    @Override
    public void close() {
        client.ifPresent(VhostClient::close);
        for (int i = 0; i < 2; i++) {
            kicks[i].close();
            calls[i].close();
        }
        arena.close();
        file.close();
    }
}
