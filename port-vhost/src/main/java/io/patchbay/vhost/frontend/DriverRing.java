package io.patchbay.vhost.frontend;

import io.patchbay.vhost.ring.SplitRingDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * The driver's side of a split virtqueue (virtio 1.3 §2.7): every entry has a buffer of its own, used over and over.
 *
 * <p>Buffer {@code i} is {@link #bufferBytes()} bytes and belongs to descriptor {@code i}. Confined to one thread.
 */
public final class DriverRing {

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle ACQUIRE_U16 = U16.varHandle();

    private final int size;
    private final int bufferBytes;
    private final boolean eventIdx;
    private final MemorySegment descriptors;
    private final MemorySegment available;
    private final MemorySegment used;
    private final MemorySegment buffers;
    private final int[] free;
    private int freeCount;
    private int nextAvailable;
    private int shownAvailable;
    private int seenUsed;
    private int usedId;
    private int usedLength;

    DriverRing(RingMemory memory, int size, int bufferBytes, boolean deviceWrites, boolean eventIdx) {
        this.size = size;
        this.bufferBytes = bufferBytes;
        this.eventIdx = eventIdx;
        this.descriptors = memory.descriptors();
        this.available = memory.available();
        this.used = memory.used();
        this.buffers = memory.buffers();
        this.free = new int[size];
        for (int i = 0; i < size; i++) {
            free[i] = size - 1 - i;
            long at = (long) i * SplitRingDescriptor.DESCRIPTOR_BYTES;
            descriptors.set(U64, at, memory.buffersGuestAddress() + (long) i * bufferBytes);
            descriptors.set(U64, at + 8, deviceWrites ? (long) SplitRingDescriptor.FLAG_WRITE << 32 | bufferBytes : 0);
        }
        freeCount = size;
        // Notifications are looked for by polling.
        if (!eventIdx) {
            available.set(U16, SplitRingDescriptor.AVAILABLE_FLAGS, (short) SplitRingDescriptor.AVAILABLE_NO_INTERRUPT);
        }
    }

    /** Where the parts of the ring and its buffers lie, and the guest-physical address of the first buffer. */
    record RingMemory(
            MemorySegment descriptors,
            MemorySegment available,
            MemorySegment used,
            MemorySegment buffers,
            long buffersGuestAddress) {}

    public int size() {
        return size;
    }

    public int bufferBytes() {
        return bufferBytes;
    }

    /** Entries that are not with the device. */
    public int free() {
        return freeCount;
    }

    /** All buffers, one after another. */
    public MemorySegment buffers() {
        return buffers;
    }

    /** The available ring, for a driver that breaks rules. */
    public MemorySegment available() {
        return available;
    }

    /** Where buffer {@code id} begins in {@link #buffers()}. */
    public long bufferOffset(int id) {
        return (long) id * bufferBytes;
    }

    /** Takes a free entry; there must be one. */
    public int take() {
        return free[--freeCount];
    }

    /** Lets the device read the first {@code length} bytes of a taken buffer. Seen at the next {@link #publish}. */
    public void offerReadable(int id, int length) {
        descriptors.set(U32, (long) id * SplitRingDescriptor.DESCRIPTOR_BYTES + 8, length);
        offer(id);
    }

    /** Offers entry {@code id} as it stands. Seen at the next {@link #publish}. */
    public void offer(int id) {
        available.set(U16, SplitRingDescriptor.availableEntry(nextAvailable & size - 1), (short) id);
        nextAvailable = nextAvailable + 1 & 0xffff;
    }

    /**
     * Shows the device everything offered.
     *
     * @return whether it wants to be kicked
     */
    public boolean publish() {
        int before = shownAvailable;
        if (before == nextAvailable) {
            return false;
        }
        VarHandle.releaseFence();
        available.set(U16, SplitRingDescriptor.AVAILABLE_INDEX, (short) nextAvailable);
        shownAvailable = nextAvailable;
        VarHandle.fullFence();
        if (eventIdx) {
            int event = used.get(U16, SplitRingDescriptor.availableEvent(size)) & 0xffff;
            return (nextAvailable - event - 1 & 0xffff) < (nextAvailable - before & 0xffff);
        }
        return (used.get(U16, SplitRingDescriptor.USED_FLAGS) & SplitRingDescriptor.USED_NO_NOTIFY) == 0;
    }

    /** Takes the next entry the device has used, if there is one: {@link #usedId} and {@link #usedLength} are then about it. */
    public boolean next() {
        int index = (short) ACQUIRE_U16.getAcquire(used, (long) SplitRingDescriptor.USED_INDEX) & 0xffff;
        if (index == seenUsed) {
            return false;
        }
        long at = SplitRingDescriptor.usedEntry(seenUsed & size - 1);
        usedId = used.get(U32, at);
        usedLength = used.get(U32, at + 4);
        seenUsed = seenUsed + 1 & 0xffff;
        return true;
    }

    /** The used index as it stands in the ring, read or not. */
    public int usedIndex() {
        return used.get(U16, SplitRingDescriptor.USED_INDEX) & 0xffff;
    }

    /** Puts the used index back, as if the device had died before it showed the last {@code entries}; they must not have been taken. */
    public void forgetUsed(int entries) {
        used.set(U16, SplitRingDescriptor.USED_INDEX, (short) (usedIndex() - entries));
    }

    /** The available index as it was shown last. */
    public int availableIndex() {
        return shownAvailable;
    }

    public int usedId() {
        return usedId;
    }

    public int usedLength() {
        return usedLength;
    }

    /** Makes an entry free again. */
    public void putBack(int id) {
        free[freeCount++] = id;
    }
}
