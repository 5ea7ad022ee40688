package io.patchbay.vhost.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Layout of a split virtqueue of N entries (virtio 1.3 §2.7). All fields are little-endian.
 *
 * <pre>
 * descriptor table, aligned to 16 (§2.7.5)        available ring, aligned to 2 (§2.7.6)
 *
 *   0               8        12     14             0        2       4               4+2N
 *  +---------------+--------+------+------+       +--------+-------+-----+- - -+---+-----------+
 *  |    address    | length | flags| next |       | flags  | index |head0|     |   | used_event|
 *  +---------------+--------+------+------+       +--------+-------+-----+- - -+---+-----------+
 *
 *                                                  used ring, aligned to 4 (§2.7.8)
 *
 *   0        2        4                       12              4+8N
 *  +--------+--------+-----------+-----------+- - - - - - - -+------------+
 *  | flags  | index  |  id 0     | length 0  |               | avail_event|
 *  +--------+--------+-----------+-----------+- - - - - - - -+------------+
 * </pre>
 */
public final class SplitRingDescriptor {

    public static final int MIN_SIZE = 2;
    public static final int MAX_SIZE = 32_768;

    public static final int DESCRIPTOR_BYTES = 16;
    public static final int DESCRIPTOR_ADDRESS = 0;
    /** Length in the low half, flags and next above it: one load, so that none of them changes between check and use. */
    public static final int DESCRIPTOR_REST = 8;

    public static final int FLAG_NEXT = 1;
    public static final int FLAG_WRITE = 2;
    public static final int FLAG_INDIRECT = 4;

    public static final int DESCRIPTORS_ALIGNMENT = 16;
    public static final int AVAILABLE_ALIGNMENT = 2;
    public static final int USED_ALIGNMENT = 4;

    public static final int AVAILABLE_FLAGS = 0;
    public static final int AVAILABLE_INDEX = 2;
    public static final int AVAILABLE_RING = 4;
    public static final int AVAILABLE_ENTRY_BYTES = 2;
    /** The driver does not want to be notified (only without VIRTIO_F_EVENT_IDX). */
    public static final int AVAILABLE_NO_INTERRUPT = 1;

    public static final int USED_FLAGS = 0;
    public static final int USED_INDEX = 2;
    public static final int USED_RING = 4;
    public static final int USED_ENTRY_BYTES = 8;
    /** The device does not want to be notified (only without VIRTIO_F_EVENT_IDX). */
    public static final int USED_NO_NOTIFY = 1;

    static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    /** For what the layout does not align to 8: used entries, and descriptors of an indirect table. */
    static final ValueLayout.OfLong U64_ANYWHERE = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private SplitRingDescriptor() {}

    /** Whether a split virtqueue can have this size: a power of two within {@link #MIN_SIZE} and {@link #MAX_SIZE}. */
    public static boolean isValidSize(long size) {
        return size >= MIN_SIZE && size <= MAX_SIZE && Long.bitCount(size) == 1;
    }

    public static long descriptorsBytes(int size) {
        return (long) DESCRIPTOR_BYTES * size;
    }

    /** With the used_event word at the end, which is there whether it is in use or not. */
    public static long availableBytes(int size) {
        return AVAILABLE_RING + (long) AVAILABLE_ENTRY_BYTES * size + 2;
    }

    /** With the avail_event word at the end. */
    public static long usedBytes(int size) {
        return USED_RING + (long) USED_ENTRY_BYTES * size + 2;
    }

    public static long availableEntry(int slot) {
        return AVAILABLE_RING + (long) AVAILABLE_ENTRY_BYTES * slot;
    }

    public static long usedEvent(int size) {
        return availableEntry(size);
    }

    public static long usedEntry(int slot) {
        return USED_RING + (long) USED_ENTRY_BYTES * slot;
    }

    public static long availableEvent(int size) {
        return usedEntry(size);
    }

    static int unsigned(short value) {
        return value & 0xffff;
    }

    static int readU16(MemorySegment segment, long offset) {
        return unsigned(segment.get(U16, offset));
    }

    /** Whether moving an index from {@code before} to {@code after} passes the other side's event index (§2.7.10). */
    static boolean passes(int event, int before, int after) {
        return unsigned((short) (after - event - 1)) < unsigned((short) (after - before));
    }
}
