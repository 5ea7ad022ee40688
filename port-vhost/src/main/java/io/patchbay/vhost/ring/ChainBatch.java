package io.patchbay.vhost.ring;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.SegmentSlots;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Available chains read ahead in one sweep: those of one buffer in one region, as nearly all are.
 *
 * <p>Reading them together, and nothing else meanwhile, lets the cache misses on the ring and its descriptors overlap; read one by one
 * between copies, each is waited for. A chain that is anything else is marked, and read again by itself
 * ({@link DeviceRing#read}): what was seen of it here is forgotten.
 *
 * <p>Confined to the worker that owns the queue and reused; nothing is allocated after construction.
 */
public final class ChainBatch {

    /** Most chains in one sweep. */
    public static final int CAPACITY = Burst.CAPACITY;

    private static final int NOT_SIMPLE = -1;

    /** The two halves of each first descriptor, as read. */
    final long[] address = new long[CAPACITY];

    final long[] rest = new long[CAPACITY];

    private final int[] head = new int[CAPACITY];
    private final int[] length = new int[CAPACITY];
    private final long[] offset = new long[CAPACITY];
    private final MemorySegment[] base = new MemorySegment[CAPACITY];

    public ChainBatch() {
        Arrays.fill(base, MemorySegment.NULL);
    }

    /** Whether chain {@code i} is one buffer in one region. Only then do the other questions have answers. */
    public boolean isSimple(int i) {
        return length[i] >= 0;
    }

    /** The number by which chain {@code i} is given back. */
    public int head(int i) {
        return head[i];
    }

    /** Bytes of the buffer of chain {@code i}; negative if the chain is not simple. */
    public int length(int i) {
        return length[i];
    }

    public MemorySegment base(int i) {
        return base[i];
    }

    public long offset(int i) {
        return offset[i];
    }

    void setHead(int i, int number) {
        head[i] = number;
    }

    void setBuffer(int i, MemorySegment memory, long at, int bytes) {
        SegmentSlots.put(base, i, memory);
        offset[i] = at;
        length[i] = bytes;
    }

    void setNotSimple(int i) {
        length[i] = NOT_SIMPLE;
    }
}
