package io.patchbay.core.port;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The counters of one queue in one direction.
 *
 * <p>One writer at a time (the worker that owns the queue, or the holder of its lock), but for {@link #lostOnTheWay}; any number of readers, who see each
 * counter whole and never running backwards. Counters outlive the queue: a guest that reconnects goes on counting where it left off.
 */
public final class QueueCounters {

    /** What is counted besides drops. */
    public enum Count {
        /** Frames taken in (receive: including those then dropped, and those the kernel dropped for us), or delivered (transmit). */
        FRAMES,
        /** Bytes of those frames, without virtio-net header. */
        BYTES,
        /** Receive only: deliveries beyond the first that floods of these frames caused. */
        FLOOD_COPIES,
        /** Receive only: frames that were sent to more than one port or whose destination was unknown. */
        FLOODED,
        /** Wake-ups received from the guest. */
        KICKS,
        /** Notifications sent to the guest. */
        CALLS,
        /** Notifications the guest had said it does not want. */
        CALLS_SUPPRESSED,
        /** Transmit only: delivered frames whose checksum was completed in software. */
        SOFTWARE_CHECKSUMS,
        /** Transmit only: delivered frames that were segmented in software; each is one of {@link #FRAMES}. */
        SOFTWARE_SEGMENTED,
        /** Transmit only: what the receiver got of frames that were segmented in software, also of those that then were dropped. */
        SOFTWARE_SEGMENTS,
        /** Transmit only: frames that had to wait in their sender's queue because the uplink was full; each is delivered or dropped later. */
        HELD,
        /** Transmit only: how many times the uplink became full. */
        STALLS
    }

    private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

    /** Cells left unused on both sides, so that two queues' counters never share a cache line (64 bytes; 128 with prefetch). */
    private static final int PAD = 16;

    private static final int DROPS = PAD + Count.values().length;

    /** What is {@link #lostOnTheWay}: a cell of its own, since the one writer reads and writes that of the reason in two steps. */
    private static final int LOST = DROPS + DropReason.size();

    private final long[] cells = new long[LOST + 1 + PAD];

    public void add(Count what, long n) {
        addTo(PAD + what.ordinal(), n);
    }

    public void drop(DropReason reason, long n) {
        addTo(DROPS + reason.ordinal(), n);
    }

    /**
     * Counts frames as {@link DropReason#PORT_DOWN} that never came to the queue. By anybody at any time, also while the one writer counts: of two workers
     * one may still send to a port that has gone for the other.
     */
    public void lostOnTheWay(long n) {
        long _ = (long) CELL.getAndAdd(cells, LOST, n);
    }

    /**
     * Counts the work on one frame that had to be finished in software.
     *
     * @param segmented whether it was cut into several, or only its checksum was completed
     * @param taken how many frames were made of it and taken by the receiver
     * @param delivered whether those were all
     */
    public void finishedInSoftware(boolean segmented, int taken, boolean delivered) {
        if (segmented) {
            add(Count.SOFTWARE_SEGMENTS, taken);
        }
        if (delivered) {
            add(segmented ? Count.SOFTWARE_SEGMENTED : Count.SOFTWARE_CHECKSUMS, 1);
        }
    }

    public long get(Count what) {
        return cell(PAD + what.ordinal());
    }

    public long dropped(DropReason reason) {
        return cell(DROPS + reason.ordinal()) + (reason == DropReason.PORT_DOWN ? cell(LOST) : 0);
    }

    /** Drops of all reasons. */
    public long dropped() {
        long sum = 0;
        for (int i = DROPS; i <= LOST; i++) {
            sum += cell(i);
        }
        return sum;
    }

    private long cell(int i) {
        return (long) CELL.getOpaque(cells, i);
    }

    private void addTo(int cell, long n) {
        // One writer: a read and a write need not be one step, only each be whole.
        CELL.setOpaque(cells, cell, (long) CELL.getOpaque(cells, cell) + n);
    }
}
