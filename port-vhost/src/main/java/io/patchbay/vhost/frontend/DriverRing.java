package io.patchbay.vhost.frontend;

import java.lang.foreign.MemorySegment;

/**
 * The driver's side of a virtqueue of either layout: every entry has a buffer of its own, used over and over.
 *
 * <p>Buffers are taken and given back in turn, so that a device that completes in order sees them in order, as VIRTIO_F_IN_ORDER demands.
 * Confined to one thread.
 */
public abstract sealed class DriverRing permits SplitDriverRing, PackedDriverRing {

    private static final int NONE = -1;

    private final int size;
    private final int bufferBytes;
    private final boolean inOrder;
    private final MemorySegment buffers;
    private final int[] free;
    private int firstFree;
    private int freeCount;
    private int usedId = NONE;
    private int usedLength;

    /** The buffer that ends the batch being taken back, if there is one. */
    private int batchLast = NONE;

    private int batchLength;

    DriverRing(RingMemory memory, int size, int bufferBytes, boolean inOrder) {
        this.size = size;
        this.bufferBytes = bufferBytes;
        this.inOrder = inOrder;
        this.buffers = memory.buffers();
        this.free = new int[size];
        for (int i = 0; i < size; i++) {
            free[i] = i;
        }
        freeCount = size;
    }

    /**
     * Where the parts of the ring and its buffers lie, and the guest-physical address of the first buffer. Of a packed ring,
     * {@code available} and {@code used} are the event suppression structures.
     */
    record RingMemory(
            MemorySegment descriptors,
            MemorySegment available,
            MemorySegment used,
            MemorySegment buffers,
            long buffersGuestAddress) {}

    public final int size() {
        return size;
    }

    public final int bufferBytes() {
        return bufferBytes;
    }

    /** Entries that are not with the device. */
    public final int free() {
        return freeCount;
    }

    /** All buffers, one after another. */
    public final MemorySegment buffers() {
        return buffers;
    }

    /** Where buffer {@code id} begins in {@link #buffers()}. */
    public final long bufferOffset(int id) {
        return (long) id * bufferBytes;
    }

    /** Takes a free entry; there must be one. */
    public final int take() {
        int id = free[firstFree];
        firstFree = firstFree + 1 == size ? 0 : firstFree + 1;
        freeCount--;
        return id;
    }

    /** Makes an entry free again. */
    public final void putBack(int id) {
        free[(firstFree + freeCount) % size] = id;
        freeCount++;
    }

    /** Lets the device read the first {@code length} bytes of a taken buffer. Seen at the next {@link #publish}. */
    public abstract void offerReadable(int id, int length);

    /** Lets the device write into the whole of buffer {@code id}. Seen at the next {@link #publish}. */
    public abstract void offer(int id);

    /**
     * Shows the device everything offered.
     *
     * @return whether it wants to be kicked
     */
    public abstract boolean publish();

    /** Takes the next buffer the device has used, if there is one: {@link #usedId} and {@link #usedLength} are then about it. */
    public final boolean next() {
        if (batchLast == NONE && !takeUsed()) {
            return false;
        }
        // With VIRTIO_F_IN_ORDER the device may name only the last buffer of a batch; those before it come in turn, and
        // are full.
        usedId = inOrder ? (usedId + 1) % size : batchLast;
        usedLength = usedId == batchLast ? batchLength : bufferBytes;
        if (usedId == batchLast) {
            batchLast = NONE;
        }
        passUsed();
        return true;
    }

    /** Looks at the next used entry, and tells {@link #used} of it if there is one. */
    abstract boolean takeUsed();

    /** Passes the place in the ring that the buffer just taken back had. */
    abstract void passUsed();

    final void used(int id, int length) {
        if (id < 0 || id >= size) {
            throw new IllegalStateException("the device has used buffer " + id + " of " + size);
        }
        batchLast = id;
        batchLength = length;
    }

    public final int usedId() {
        return usedId;
    }

    public final int usedLength() {
        return usedLength;
    }
}
