package io.patchbay.vhost.ring;

import io.patchbay.core.frame.Burst;
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

    /** In place of a length. */
    static final int NOT_SIMPLE = -1;

    /** The two halves of each first descriptor, as read; and the number by which each chain is given back. */
    final long[] address = new long[CAPACITY];

    final long[] rest = new long[CAPACITY];
    final int[] head = new int[CAPACITY];

    private final int[] length = new int[CAPACITY];
    private final long[] offset = new long[CAPACITY];
    private final int[] written = new int[CAPACITY];

    /** Where all buffers lie; unless they lie in several regions, then each has its own. */
    private MemorySegment base = MemorySegment.NULL;

    private final MemorySegment[] bases = new MemorySegment[CAPACITY];
    private boolean several;

    public ChainBatch() {
        Arrays.fill(bases, MemorySegment.NULL);
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
        return several ? bases[i] : base;
    }

    /** Whether all simple chains have the same {@link #base}. */
    public boolean isOfOneRegion() {
        return !several;
    }

    public long offset(int i) {
        return offset[i];
    }

    /** The {@link #length}s of all chains, to be read only. */
    public int[] lengths() {
        return length;
    }

    /** The {@link #offset}s of all chains, to be read only. */
    public long[] offsets() {
        return offset;
    }

    /** Bytes that were written to chain {@code i}. */
    public int written(int i) {
        return written[i];
    }

    /** Says how many bytes were written to chain {@code i}, of whatever form: 0 until this is called. */
    public void setWritten(int i, int bytes) {
        written[i] = bytes;
    }

    /** Says by which number chain {@code i} is given back, if it was not simple and was read by itself. */
    public void setHead(int i, int number) {
        head[i] = number;
    }

    /** The descriptor of chain {@code i}. */
    void put(int i, int number, long firstHalf, long secondHalf) {
        head[i] = number;
        address[i] = firstHalf;
        rest[i] = secondHalf;
    }

    void setBuffer(int i, long at, int bytes) {
        offset[i] = at;
        length[i] = bytes;
    }

    void setNotSimple(int i) {
        length[i] = NOT_SIMPLE;
    }

    void setNoneSimple(int chains) {
        Arrays.fill(length, 0, chains, NOT_SIMPLE);
        several = false;
    }

    /** The base of all chains. */
    @SuppressWarnings({"MemorySegmentReferenceEquality", "ReferenceEquality"})
    void setBase(MemorySegment region) {
        // Without a store if nothing would change, as SegmentSlots.
        if (base != region) {
            base = region;
        }
        several = false;
    }

    /** The base of one chain of so many, in place of that of all. */
    void setBase(int i, MemorySegment region, int chains) {
        if (!several) {
            Arrays.fill(bases, 0, chains, base);
            several = true;
        }
        bases[i] = region;
    }
}
