package io.patchbay.core.worker;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** What a worker did. Written by the worker, read by anyone. */
public final class WorkerCounters {

    /** What is counted. */
    public enum Count {
        /** Turns that moved frames. */
        BUSY_TURNS,
        /** Turns that found nothing. */
        IDLE_TURNS,
        /** Bursts forwarded. */
        BURSTS,
        /** Entries taken from receive queues. */
        FRAMES,
        /** Sleeps in the kernel. */
        SLEEPS,
        /** Times a port was taken out of service because serving it failed. */
        FAULTS
    }

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);
    private static final int PAD = 16;

    private final long[] cells = new long[2 * PAD + Count.values().length];

    void add(Count what, long n) {
        int cell = PAD + what.ordinal();
        CELL.setOpaque(cells, cell, (long) CELL.getOpaque(cells, cell) + n);
    }

    public long get(Count what) {
        return (long) CELL.getOpaque(cells, PAD + what.ordinal());
    }
}
