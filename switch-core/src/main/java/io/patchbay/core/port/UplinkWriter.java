package io.patchbay.core.port;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;
import static io.patchbay.core.port.QueueCounters.Count.SOFTWARE_SEGMENTS;
import static io.patchbay.core.port.QueueCounters.Count.STALLS;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.frame.SoftwareOffload;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.FrameBatch;

/**
 * Writes frames to the kernel, finished if it does not finish them itself, and accounts for each: it is written, or dropped for a reason, or it waits,
 * and with it those behind it.
 *
 * <p>Confined to who holds the transmitter's lock. Nothing here allocates after construction.
 */
final class UplinkWriter {

    /** What became of a frame. */
    private enum Fate {
        SENT,
        DROPPED,
        /** There was no room, and it may wait for it. */
        WAITS
    }

    /** What became of frames, and is not counted yet. */
    private static final class Tally {

        /** Written, or dropped. */
        private int dealtWith;

        private long delivered;
        private long deliveredBytes;

        /** Frames among those delivered that were thrown away behind the device. */
        private int lost;

        void clear() {
            dealtWith = 0;
            delivered = 0;
            deliveredBytes = 0;
            lost = 0;
        }
    }

    private final FrameSink sink;
    private final QueueCounters counters;
    private final int headerBytes;
    private final int takes;
    private final WhenFull whenFull;
    private final Pressure pressure;
    private final OutgoingFrames out;
    private final Tally whole = new Tally();
    private final Tally pieces = new Tally();

    /** That of what is being written: of frames, or of the pieces of one. */
    private Tally tally = whole;

    private boolean patient;

    /** What became of the frame dealt with last. */
    private Fate fate = Fate.SENT;

    /**
     * @param headerBytes of the virtio-net header before each frame, 10 or 12; 0 if there is none
     * @param takes the {@link OffloadSet} the kernel takes upon itself
     * @param pressure is told of what the kernel took and refused
     */
    UplinkWriter(
            FrameSink sink, QueueCounters counters, int headerBytes, int takes, WhenFull whenFull, Pressure pressure) {
        this.sink = sink;
        this.counters = counters;
        this.headerBytes = headerBytes;
        this.takes = takes;
        this.whenFull = whenFull;
        this.pressure = pressure;
        this.out = new OutgoingFrames(headerBytes, sink.onePieceBytes());
    }

    /**
     * Writes frames, in order, until one waits. If it breaks off, because the sender's memory has gone, what was not written is dropped.
     *
     * @param mayWait whether one may
     * @return how many were dealt with: written, or dropped
     */
    int write(Burst burst, int[] frames, int count, boolean mayWait) {
        out.batch().clear(); // memory that was taken away may have ended the call before
        long owed = Math.min(0, whole.delivered); // below 0 if more were lost late than were delivered
        whole.clear();
        whole.delivered = owed;
        tally = whole;
        patient = mayWait;
        fate = Fate.SENT;
        boolean brokeOff = true;
        try {
            writeAll(burst, frames, count);
            brokeOff = false;
        } finally {
            counters.drop(DropReason.PORT_DOWN, brokeOff ? count - whole.dealtWith : 0);
            countWhole();
        }
        return whole.dealtWith;
    }

    private void writeAll(Burst burst, int[] frames, int count) {
        boolean offloads = burst.offloads().any();
        int i = 0;
        while (i < count && fate != Fate.WAITS) {
            int frame = frames[i];
            long offload = offloads ? burst.offloads().of(frame) : Offload.NONE;
            if (offload != Offload.NONE && !OffloadSet.suffices(takes, offload)) {
                flush();
                if (fate != Fate.WAITS) {
                    writeInSoftware(burst, frame, offload);
                }
                i++;
            } else if (out.hasRoomFor(burst, frame)) {
                // That a checksum was verified is nothing one tells the kernel this way.
                out.add(burst, frame, Offload.needsChecksum(offload) ? offload : Offload.NONE);
                i++;
            } else {
                flush();
            }
        }
        if (fate != Fate.WAITS) {
            flush();
        }
    }

    private void countWhole() {
        if (whole.lost > 0) {
            counters.drop(DropReason.UPLINK_FULL, whole.lost);
            whole.delivered -= whole.lost;
        }
        counters.add(FRAMES, Math.max(0, whole.delivered));
        counters.add(BYTES, whole.deliveredBytes);
    }

    /** Writes a frame finished, in as many pieces as it takes. Nothing else is in the batch. */
    private void writeInSoftware(Burst burst, int frame, long offload) {
        SoftwareOffload software = burst.offloads().software();
        software.start(burst, frame);
        int before = burst.offloads().piecesSent(frame);
        writePieces(software, before);
        if (pieces.lost > 0 && fate == Fate.SENT) {
            fate = drop(DropReason.UPLINK_FULL);
        }
        boolean sent = fate == Fate.SENT;
        int made = software.made();
        int taken = (sent ? made : made - 1) - before;
        burst.charge(made);
        if (fate == Fate.WAITS) {
            burst.offloads().setPiecesSent(frame, before + taken);
            counters.add(SOFTWARE_SEGMENTS, Offload.isSegmented(offload) ? taken : 0);
            return;
        }
        // However many pieces, it is one frame.
        whole.dealtWith++;
        if (sent) {
            whole.delivered++;
            whole.deliveredBytes += burst.length(frame);
        }
        counters.finishedInSoftware(Offload.isSegmented(offload), taken, sent);
    }

    /** @param before how many were sent when there was still room */
    private void writePieces(SoftwareOffload software, int before) {
        pieces.clear();
        tally = pieces;
        fate = Fate.SENT;
        while (fate == Fate.SENT && software.next()) {
            if (software.made() > before) {
                out.add(software.out(), 0, Offload.NONE);
                flush();
            }
        }
        tally = whole;
    }

    /** Writes the batch until a frame waits; the last one's {@link #fate} is noted. */
    private void flush() {
        FrameBatch batch = out.batch();
        int frames = batch.frames();
        int done = 0;
        while (done < frames) {
            int n = sink.write(batch, done);
            if (n > 0) {
                fate = Fate.SENT;
                wrote(done, n);
                done += n;
                continue;
            }
            fate = n == FrameBatch.SHORT_WRITE ? drop(DropReason.TRUNCATED) : refused(-n);
            if (fate == Fate.WAITS) {
                break;
            }
            tally.dealtWith++;
            done++;
        }
        batch.clear();
    }

    private void wrote(int from, int frames) {
        long bytes = 0;
        for (int i = from; i < from + frames; i++) {
            bytes += out.batch().length(i);
        }
        tally.dealtWith += frames;
        tally.delivered += frames;
        tally.deliveredBytes += bytes - (long) frames * headerBytes;
        if (whenFull.hold()) {
            pressure.wrote(frames, bytes);
        }
        int thrownAway = sink.lost();
        if (thrownAway > 0) {
            tally.lost += thrownAway;
            // There is no room behind the device, and nobody rings when there is.
            if (whenFull.hold() && pressure.becomeFull(Errno.ENOBUFS, System.nanoTime())) {
                counters.add(STALLS, 1);
            }
        }
    }

    private Fate refused(int errno) {
        DropReason reason = reason(errno);
        if (reason != DropReason.UPLINK_FULL || !whenFull.hold() || isRefusedByItself(errno)) {
            return drop(reason);
        }
        long now = System.nanoTime();
        if (pressure.becomeFull(errno, now)) {
            counters.add(STALLS, 1);
        }
        if (!patient) {
            return drop(reason);
        }
        return pressure.isStuck(now) ? drop(DropReason.HELD_TOO_LONG) : Fate.WAITS;
    }

    /** Whether the kernel refuses this frame while it has none of ours: a filter does so, and to wait for room would hold up others for nothing. */
    private boolean isRefusedByItself(int errno) {
        return errno == Errno.ENOBUFS && sink.bufferedBytes() == 0;
    }

    private Fate drop(DropReason reason) {
        counters.drop(reason, 1);
        return Fate.DROPPED;
    }

    private static DropReason reason(int errno) {
        return switch (errno) {
            case Errno.EAGAIN, Errno.ENOBUFS -> DropReason.UPLINK_FULL;
            case Errno.EMSGSIZE -> DropReason.OVERSIZE;
            case Errno.EIO, Errno.ENETDOWN, Errno.ENXIO, Errno.ENODEV, Errno.ENOLINK, Errno.EBADFD ->
                DropReason.PORT_DOWN;
            default -> DropReason.UPLINK_ERROR;
        };
    }
}
