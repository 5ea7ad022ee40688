package io.patchbay.vhost.ring;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Layout of a packed virtqueue of N descriptors (virtio 1.3 §2.8). All fields are little-endian.
 *
 * <pre>
 * descriptor ring, aligned to 16 (§2.8.13): driver and device write the same N descriptors
 *
 *   0               8        12     14     16
 *  +---------------+--------+------+------+- - -
 *  |    address    | length |  id  | flags|
 *  +---------------+--------+------+------+- - -
 *
 * flags (§2.8.1, §2.8.6)                     driver and device event suppression, aligned to 4 (§2.8.14)
 *
 *   15     7         2        1     0          0                2        4
 *  +----+-----+- -+--------+-----+----+       +----------------+--------+
 *  |USED|AVAIL|   |INDIRECT|WRITE|NEXT|       | off 0-14, wrap | flags  |
 *  +----+-----+- -+--------+-----+----+       +----------------+--------+
 * </pre>
 *
 * <p>A <em>position</em> is a descriptor's number in bits 0 to 14 and the wrap counter in bit 15: the form of the event suppression
 * structure, and of each half of what GET_VRING_BASE and SET_VRING_BASE carry (available in the low half, used in the high one).
 */
public final class PackedRingDescriptor {

    public static final int MIN_SIZE = 1;
    public static final int MAX_SIZE = 32_768;

    public static final int DESCRIPTOR_BYTES = 16;
    public static final int DESCRIPTOR_ADDRESS = 0;
    /** Length in the low half, id and flags above it: one load, so that none of them changes between check and use. */
    public static final int DESCRIPTOR_REST = 8;

    public static final int DESCRIPTOR_LENGTH = 8;
    public static final int DESCRIPTOR_ID = 12;
    public static final int DESCRIPTOR_FLAGS = 14;

    public static final int FLAG_NEXT = 1;
    public static final int FLAG_WRITE = 2;
    public static final int FLAG_INDIRECT = 4;
    public static final int FLAG_AVAIL = 1 << 7;
    public static final int FLAG_USED = 1 << 15;

    public static final int DESCRIPTORS_ALIGNMENT = 16;
    public static final int EVENT_ALIGNMENT = 4;

    public static final int EVENT_BYTES = 4;
    public static final int EVENT_FLAGS_ENABLE = 0;
    public static final int EVENT_FLAGS_DISABLE = 1;
    /** Only with VIRTIO_F_EVENT_IDX: notify when the descriptor at the position given has been passed. */
    public static final int EVENT_FLAGS_DESC = 2;

    public static final int WRAP = 1 << 15;

    /** Where a ring begins: descriptor 0, wrap counter 1. */
    public static final int FRESH = WRAP;

    static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

    private PackedRingDescriptor() {}

    /** Whether a packed virtqueue can have this size: any number within {@link #MIN_SIZE} and {@link #MAX_SIZE}. */
    public static boolean isValidSize(long size) {
        return size >= MIN_SIZE && size <= MAX_SIZE;
    }

    public static long descriptorsBytes(int size) {
        return (long) DESCRIPTOR_BYTES * size;
    }

    public static int position(int index, boolean wrap) {
        return wrap ? index | WRAP : index;
    }

    public static int index(int position) {
        return position & ~WRAP;
    }

    public static boolean wrap(int position) {
        return (position & WRAP) != 0;
    }

    /** Both halves of a vring base, for a queue that has used all it has consumed. */
    public static long base(int position) {
        return (long) position << 16 | position;
    }

    /** Whether the driver has made a descriptor available, for a side whose wrap counter is {@code wrap} (§2.8.1). */
    public static boolean isAvailable(int flags, boolean wrap) {
        return (flags & (FLAG_AVAIL | FLAG_USED)) == (wrap ? FLAG_AVAIL : FLAG_USED);
    }

    /**
     * Flags of a used descriptor, for a side whose wrap counter is {@code wrap}. NEXT, which drivers ignore here (§2.8.6), says as before that
     * the chain goes on: {@link PackedResume} finds its end by that.
     *
     * @param descriptors of the chain
     */
    static int usedFlags(boolean wrap, int descriptors) {
        return (wrap ? FLAG_AVAIL | FLAG_USED : 0) | (descriptors > 1 ? FLAG_NEXT : 0);
    }

    /** Whether the device has used a descriptor, for a side whose wrap counter is {@code wrap}. */
    public static boolean isUsed(int flags, boolean wrap) {
        return (flags & (FLAG_AVAIL | FLAG_USED)) == (wrap ? FLAG_AVAIL | FLAG_USED : 0);
    }

    /**
     * Whether the move of {@code moved} descriptors that ended at a position passed the descriptor the other side waits for (§2.8.10).
     *
     * @param event the position the other side asks about; any 16 bits
     * @param now the position after the move
     */
    static boolean passes(int event, int now, int moved, int size) {
        int distance = index(now) - index(event) + (wrap(event) == wrap(now) ? 0 : size);
        return distance >= 1 && distance <= moved;
    }
}
