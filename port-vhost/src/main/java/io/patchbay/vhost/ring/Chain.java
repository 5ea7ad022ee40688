package io.patchbay.vhost.ring;

import io.patchbay.core.frame.Burst;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * The buffers of one descriptor chain, or of several taken together, as checked memory segments.
 *
 * <p>Confined to the worker that owns the queue and reused; nothing is allocated after construction.
 */
public final class Chain {

    /** Most segments of one frame, header included; more is refused. */
    static final int MAX_SEGMENTS = Burst.MAX_FRAME_SEGMENTS + 1;

    private final MemorySegment[] base = new MemorySegment[MAX_SEGMENTS];
    private final long[] offset = new long[MAX_SEGMENTS];
    private final int[] length = new int[MAX_SEGMENTS];
    private final int[] head = new int[MAX_SEGMENTS];
    private final long[] chainBytes = new long[MAX_SEGMENTS];
    private int segments;
    private int chains;
    private long bytes;

    public Chain() {
        Arrays.fill(base, MemorySegment.NULL);
    }

    public void clear() {
        segments = 0;
        chains = 0;
        bytes = 0;
    }

    /** Bytes of all buffers. */
    public long bytes() {
        return bytes;
    }

    public int segments() {
        return segments;
    }

    public MemorySegment base(int s) {
        return base[s];
    }

    public long offset(int s) {
        return offset[s];
    }

    public int length(int s) {
        return length[s];
    }

    /** How many descriptor chains the buffers belong to. */
    public int chains() {
        return chains;
    }

    /** The number by which chain {@code c} is given back. */
    public int head(int c) {
        return head[c];
    }

    /** Bytes of chain {@code c}. */
    public long chainBytes(int c) {
        return chainBytes[c];
    }

    /** Begins one more chain; false if there is no room. */
    boolean begin(int chainHead) {
        if (chains == MAX_SEGMENTS) {
            return false;
        }
        head[chains] = chainHead;
        chainBytes[chains] = 0;
        chains++;
        return true;
    }

    /** Adds a buffer to the last chain; false if there is no room. */
    boolean add(MemorySegment buffer, long at, int n) {
        int s = segments;
        if (s == MAX_SEGMENTS) {
            return false;
        }
        base[s] = buffer;
        offset[s] = at;
        length[s] = n;
        segments = s + 1;
        bytes += n;
        chainBytes[chains - 1] += n;
        return true;
    }
}
