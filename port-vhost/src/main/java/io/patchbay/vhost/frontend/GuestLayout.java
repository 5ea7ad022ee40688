package io.patchbay.vhost.frontend;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.ring.PackedRingDescriptor;
import io.patchbay.vhost.ring.RingLayout;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.MessageDescriptor;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.VringAddresses;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The memory of a guest with one network device, and the virtqueues in it, each part from a page of its own:
 *
 * <pre>
 *            +-------------+-----------+------+---------+
 *  ringAt[0] | descriptors | available | used | buffers |   receive
 *            +-------------+-----------+------+---------+
 *  ringAt[1] | descriptors | available | used | buffers |   transmit
 *            +-------------+-----------+------+---------+
 *  ringAt[2]   ...                                            receive, of the next pair
 * </pre>
 *
 * <p>Of a packed ring the driver's event suppression is in place of the available ring, and the device's of the used ring.
 */
final class GuestLayout implements AutoCloseable {

    private static final int PAGE = 4096;
    private static final long GUEST_ADDRESS = 0x4000_0000L;
    private static final long USER_ADDRESS = 0x7f00_1234_0000L;

    private final FrontEndSettings settings;
    private final RingLayout layout;
    private final Arena arena = Arena.ofShared();
    private final Fd file;
    private final MemorySegment memory;
    private final RegionDescription region;
    private final long[] ringAt;

    /** @param longestFrame bytes of the longest frame that will be sent */
    GuestLayout(FrontEndSettings settings, int longestFrame) {
        this.settings = settings;
        this.layout = RingLayout.of(settings.features());
        long receiveBytes = ringBytes() + (long) settings.queueSize() * settings.bufferBytes();
        long transmitBytes = ringBytes() + (long) settings.queueSize() * transmitBufferBytes(longestFrame);
        this.ringAt = new long[2 * settings.queuePairs()];
        long end = 0;
        for (int index = 0; index < ringAt.length; index++) {
            ringAt[index] = end;
            end += roundUp(isReceive(index) ? receiveBytes : transmitBytes);
        }
        long bytes = end;
        this.file = SharedMemory.createMemfd("patchbay-guest", bytes);
        FileCalls.addSeals(file, FileCalls.F_SEAL_SHRINK);
        this.memory = SharedMemory.map(file, 0, bytes, arena);
        this.region = new RegionDescription(GUEST_ADDRESS, bytes, USER_ADDRESS, 0);
    }

    /** Whether a virtqueue is one the guest receives on. */
    static boolean isReceive(int index) {
        return index % 2 == 0;
    }

    /** The receive ring of a pair, of which no buffer is posted yet. */
    DriverRing receiveRing(int pair) {
        return ring(2 * pair, settings.bufferBytes());
    }

    /** The transmit ring of a pair, with buffers for the longest frame that will be sent. */
    DriverRing transmitRing(int pair, int longestFrame) {
        return ring(2 * pair + 1, transmitBufferBytes(longestFrame));
    }

    private int transmitBufferBytes(int longestFrame) {
        return (settings.headerBytes() + longestFrame + 63) / 64 * 64;
    }

    private static long roundUp(long bytes) {
        return (bytes + PAGE - 1) / PAGE * PAGE;
    }

    private long ringBytes() {
        int n = settings.queueSize();
        return roundUp(SplitRingDescriptor.descriptorsBytes(n)) + roundUp(availableBytes()) + roundUp(usedBytes());
    }

    private DriverRing ring(int index, int bufferBytes) {
        int n = settings.queueSize();
        long at = ringAt[index];
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
        return new SplitDriverRing(parts, n, bufferBytes, isReceive(index), eventIdx, inOrder);
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

    /** Where a virtqueue lies. */
    VringAddresses addresses(int index, boolean logged) {
        long at = ringAt[index];
        return new VringAddresses(
                index,
                logged ? MessageDescriptor.ADDRESS_FLAG_LOG : 0,
                USER_ADDRESS + at,
                USER_ADDRESS + usedAt(at),
                USER_ADDRESS + availableAt(at),
                GUEST_ADDRESS + usedAt(at));
    }

    /** A log with room for all of this guest's memory. */
    DirtyLogReader newLog() {
        return DirtyLogReader.forMemoryUpTo(GUEST_ADDRESS + region.size());
    }

    /** The descriptor tables, or rings: of the latter the device writes descriptors too. */
    List<MemorySegment> descriptors() {
        long bytes = SplitRingDescriptor.descriptorsBytes(settings.queueSize());
        return Arrays.stream(ringAt).mapToObj(at -> memory.asSlice(at, bytes)).toList();
    }

    /**
     * The parts of {@link #memory} that only the device writes to, each in pages of its own: the used rings, or the device's event suppression
     * areas; then the receive buffers.
     */
    List<MemorySegment> writtenByDevice() {
        long used = roundUp(usedBytes());
        List<MemorySegment> parts = new ArrayList<>();
        for (long at : ringAt) {
            parts.add(memory.asSlice(usedAt(at), used));
        }
        long buffers = (long) settings.queueSize() * settings.bufferBytes();
        for (int index = 0; index < ringAt.length; index++) {
            if (isReceive(index)) {
                parts.add(memory.asSlice(ringAt[index] + ringBytes(), buffers));
            }
        }
        return parts;
    }

    MemorySegment memory() {
        return memory;
    }

    RegionDescription region() {
        return region;
    }

    Fd file() {
        return file;
    }

    @Override
    public void close() {
        arena.close();
        file.close();
    }
}
