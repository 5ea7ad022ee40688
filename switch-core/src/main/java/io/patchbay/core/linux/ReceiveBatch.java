package io.patchbay.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Memory that frames are read into, several by one system call: a slot for each, long enough for the longest.
 *
 * <pre>
 *   0             16 - header    16
 *  +-------------+--------------+------------------------+- - -+
 *  |             | virtio-net   | frame                  |     |   times {@value #CAPACITY}
 *  +-------------+--------------+------------------------+- - -+
 * </pre>
 *
 * <p>Slots begin at other cache lines of a page each, or the heads of all frames would fight for the same few places of a cache. Memory that no frame
 * was ever long enough for costs nothing.
 *
 * <p>Confined to one thread at a time. Nothing here allocates after construction.
 */
public final class ReceiveBatch {

    /** Most frames. */
    public static final int CAPACITY = 64;

    /** What {@link #tag} says of a frame that is complete as it was read. */
    public static final int NO_TAG = -1;

    private static final int HEADER_ROOM = 16;
    private static final int CACHE_LINE = 64;
    private static final int SLOT_BYTES = (1024 + 25) * CACHE_LINE;

    /** The longest frame that can be read whole. */
    public static final int MAX_FRAME_BYTES = SLOT_BYTES - HEADER_ROOM;

    private final MemorySegment memory;
    private final int headerBytes;
    private final int[] result = new int[CAPACITY];
    private final int[] tag = new int[CAPACITY];

    /** @param headerBytes bytes of a virtio-net header before each frame, at most 16; 0 if there is none */
    public ReceiveBatch(int headerBytes) {
        this.headerBytes = headerBytes;
        long bytes = (long) CAPACITY * SLOT_BYTES;
        try (Fd file = SharedMemory.createMemfd("patchbay-frames", bytes)) {
            memory = SharedMemory.map(file, 0, bytes, Arena.ofAuto());
        }
    }

    /** Where all slots are. */
    public MemorySegment memory() {
        return memory;
    }

    public int headerBytes() {
        return headerBytes;
    }

    /** Where a frame begins, its header right before it. */
    public long frameAt(int slot) {
        return (long) slot * SLOT_BYTES + HEADER_ROOM;
    }

    /** Where to read to: the header, and the frame behind it. */
    public long readAt(int slot) {
        return frameAt(slot) - headerBytes;
    }

    /** Room at {@link #readAt}. */
    public int readBytes() {
        return headerBytes + MAX_FRAME_BYTES;
    }

    /** Notes what was read: header and frame. */
    public void set(int slot, int bytes) {
        set(slot, bytes, NO_TAG);
    }

    /**
     * Notes what was read.
     *
     * @param bytes header and frame, or {@code -errno} for a frame that is lost
     * @param outOfBandTag the VLAN tag that was taken out of it, TPID above TCI, or {@link #NO_TAG}
     */
    public void set(int slot, int bytes, int outOfBandTag) {
        result[slot] = bytes;
        tag[slot] = outOfBandTag;
    }

    /** Bytes of the header and the frame in a slot, or {@code -errno} of one that is lost. */
    public int result(int slot) {
        return result[slot];
    }

    /** The VLAN tag that the kernel took out of a frame, TPID above TCI, or {@link #NO_TAG}. */
    public int tag(int slot) {
        return tag[slot];
    }
}
