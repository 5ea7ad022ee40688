package io.patchbay.core.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * An array of {@code struct iovec} ({@code <sys/uio.h>}) in native memory, filled again for every call.
 *
 * <pre>
 *   0           8
 *  +-----------+-----------+
 *  | iov_base  | iov_len   |   times capacity
 *  +-----------+-----------+
 * </pre>
 *
 * <p>Confined to one thread at a time. Freed with its owner by the garbage collector.
 */
public final class IoVector {

    private static final int BASE = 0;
    private static final int LENGTH = 8;
    static final int BYTES = 16;

    private final MemorySegment segment;
    private final MemorySegment state = Libc.newState();

    /** @param capacity most entries; the kernel takes at most 1024 */
    public IoVector(int capacity) {
        this.segment = Arena.ofAuto().allocate((long) capacity * BYTES, Long.BYTES);
    }

    /**
     * Sets an entry.
     *
     * @throws IndexOutOfBoundsException if the range is not within {@code memory}
     */
    public void set(int index, MemorySegment memory, long offset, long length) {
        if ((offset | length) < 0 || length > memory.byteSize() - offset) {
            throw new IndexOutOfBoundsException("range outside the segment");
        }
        segment.set(ValueLayout.JAVA_LONG, (long) index * BYTES + BASE, memory.address() + offset);
        segment.set(ValueLayout.JAVA_LONG, (long) index * BYTES + LENGTH, length);
    }

    /** Where an entry's range begins. */
    long base(int entry) {
        return segment.get(ValueLayout.JAVA_LONG, (long) entry * BYTES + BASE);
    }

    /** Where an entry is. */
    long addressOf(int entry) {
        return segment.address() + (long) entry * BYTES;
    }

    MemorySegment segment() {
        return segment;
    }

    MemorySegment state() {
        return state;
    }
}
