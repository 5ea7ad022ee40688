package io.patchbay.vhost.frontend;

import io.patchbay.vhost.ring.SplitRingDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The driver's side of a split virtqueue (virtio 1.3 §2.7): descriptor {@code i} has buffer {@code i} for ever. */
public final class SplitDriverRing extends DriverRing {

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle ACQUIRE_U16 = U16.varHandle();

    private final boolean eventIdx;
    private final MemorySegment descriptors;
    private final MemorySegment available;
    private final MemorySegment used;
    private int nextAvailable;
    private int shownAvailable;
    private int seenUsed;

    SplitDriverRing(
            RingMemory memory, int size, int bufferBytes, boolean deviceWrites, boolean eventIdx, boolean inOrder) {
        super(memory, size, bufferBytes, inOrder);
        this.eventIdx = eventIdx;
        this.descriptors = memory.descriptors();
        this.available = memory.available();
        this.used = memory.used();
        for (int i = 0; i < size; i++) {
            long at = (long) i * SplitRingDescriptor.DESCRIPTOR_BYTES;
            descriptors.set(U64, at, memory.buffersGuestAddress() + (long) i * bufferBytes);
            descriptors.set(U64, at + 8, deviceWrites ? (long) SplitRingDescriptor.FLAG_WRITE << 32 | bufferBytes : 0);
        }
        // Notifications are looked for by polling.
        if (!eventIdx) {
            available.set(U16, SplitRingDescriptor.AVAILABLE_FLAGS, (short) SplitRingDescriptor.AVAILABLE_NO_INTERRUPT);
        }
    }

    @Override
    public void offerReadable(int id, int length) {
        descriptors.set(U32, (long) id * SplitRingDescriptor.DESCRIPTOR_BYTES + 8, length);
        offer(id);
    }

    @Override
    public void offer(int id) {
        available.set(U16, SplitRingDescriptor.availableEntry(nextAvailable & size() - 1), (short) id);
        nextAvailable = nextAvailable + 1 & 0xffff;
    }

    @Override
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
            int event = used.get(U16, SplitRingDescriptor.availableEvent(size())) & 0xffff;
            return (nextAvailable - event - 1 & 0xffff) < (nextAvailable - before & 0xffff);
        }
        return (used.get(U16, SplitRingDescriptor.USED_FLAGS) & SplitRingDescriptor.USED_NO_NOTIFY) == 0;
    }

    @Override
    boolean takeUsed() {
        int index = (short) ACQUIRE_U16.getAcquire(used, (long) SplitRingDescriptor.USED_INDEX) & 0xffff;
        if (index == seenUsed) {
            return false;
        }
        long at = SplitRingDescriptor.usedEntry(seenUsed & size() - 1);
        used(used.get(U32, at), used.get(U32, at + 4));
        return true;
    }

    @Override
    void passUsed() {
        seenUsed = seenUsed + 1 & 0xffff;
    }

    /** The available ring, for a driver that breaks rules. */
    public MemorySegment available() {
        return available;
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
}
