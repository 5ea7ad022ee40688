package io.patchbay.core.port;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;
import static io.patchbay.core.port.QueueCounters.Count.HELD;
import static io.patchbay.core.port.QueueCounters.Count.SOFTWARE_SEGMENTS;
import static io.patchbay.core.port.QueueCounters.Count.STALLS;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.frame.SoftwareOffload;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.linux.RoomBell;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * The writing side of an uplink.
 *
 * <p>The kernel is handed the frame's head, from our memory, and the segments of its tail where they lie in the guest's: nothing is copied by us.
 * A segment that is gone by then is the kernel's to refuse. Only where a second piece costs the kernel more than a short copy costs us
 * ({@link FrameSink#onePieceBytes}), a short frame is copied behind its head.
 */
public final class UplinkTransmitter implements HoldingTransmitter {

    private static final int HEADER_ROOM = 16;
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** What became of a frame. */
    private enum Fate {
        SENT,
        DROPPED,
        /** There was no room, and it may wait for it. */
        WAITS
    }

    private final FrameSink sink;
    private final QueueCounters counters;
    private final int headerBytes;
    private final int takes;
    private final WhenFull whenFull;
    private final Pressure pressure;
    private final SpinLock lock = new SpinLock();
    private final FrameBatch batch = new FrameBatch();

    /** For each frame its virtio-net header, and right behind it its head, or all of it if it is short: they are one piece. */
    private final MemorySegment heads;

    private final int onePieceBytes;
    private final int headRoom;

    private long delivered;
    private long deliveredBytes;
    private boolean patient;

    /** Frames among those delivered, not counted yet, that were thrown away behind the device. */
    private int lost;

    /** What became of the frame dealt with last. */
    private Fate fate = Fate.SENT;

    /** Towards a kernel that takes frames as they are, and so only complete ones. */
    public UplinkTransmitter(FrameSink sink, QueueCounters counters) {
        this(sink, counters, 0, OffloadSet.NOTHING, WhenFull.DROP);
    }

    /**
     * Towards a kernel that expects a virtio-net header before each frame.
     *
     * @param headerBytes of that header, 10 or 12; 0 if it expects none
     * @param takes the {@link OffloadSet} the kernel takes upon itself; nothing without a header
     * @param whenFull what becomes of frames for which there is no room
     */
    public UplinkTransmitter(FrameSink sink, QueueCounters counters, int headerBytes, int takes, WhenFull whenFull) {
        this.sink = sink;
        this.counters = counters;
        this.headerBytes = headerBytes;
        this.takes = takes;
        this.whenFull = whenFull;
        this.pressure = new Pressure(sink, whenFull.atMost().toNanos());
        this.onePieceBytes = sink.onePieceBytes();
        this.headRoom = HEADER_ROOM + Math.max(Burst.HEAD_BYTES, onePieceBytes + Long.BYTES);
        this.heads = Arena.ofAuto().allocate((long) FrameBatch.CAPACITY * headRoom, Long.BYTES);
    }

    @Override
    public Optional<HoldingTransmitter> holding() {
        return whenFull.hold() ? Optional.of(this) : Optional.empty();
    }

    @Override
    public void transmit(Burst burst, int[] frames, int count) {
        lock.lock();
        try {
            if (pressure.isFull() && !pressure.mayTry(System.nanoTime())) {
                counters.drop(DropReason.UPLINK_FULL, count);
            } else {
                int _ = send(burst, frames, count, false);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int offer(Burst burst, int[] frames, int count) {
        lock.lock();
        try {
            if (pressure.isFull()) {
                long now = System.nanoTime();
                boolean stuck = pressure.isStuck(now);
                if (!pressure.mayTry(now)) {
                    counters.drop(DropReason.HELD_TOO_LONG, stuck ? count : 0);
                    return stuck ? count : 0;
                }
            }
            int done = send(burst, frames, count, true);
            if (burst.isLast() && pressure.becomeFullWhenIdle(System.nanoTime())) {
                counters.add(STALLS, 1);
            }
            return done;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void held(int frames) {
        lock.lock();
        counters.add(HELD, frames);
        lock.unlock();
    }

    @Override
    public void refuse(int frames) {
        lock.lock();
        counters.drop(DropReason.UPLINK_FULL, frames);
        lock.unlock();
    }

    @Override
    public long retryAt() {
        lock.lock();
        try {
            return pressure.retryAt();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean hasRoom() {
        lock.lock();
        try {
            long now = System.nanoTime();
            return !pressure.isFull() || pressure.isStuck(now) || pressure.hasRoom(now);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean rings() {
        lock.lock();
        try {
            return pressure.rings();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long fullForMillis() {
        return pressure.isFull() ? (System.nanoTime() - pressure.since()) / 1_000_000 : 0;
    }

    @Override
    public RoomBell bell() {
        return RoomBell.on(sink.descriptor());
    }

    /** Sends frames until one waits, and says how many were dealt with. */
    private int send(Burst burst, int[] frames, int count, boolean mayWait) {
        batch.clear(); // memory that was taken away may have ended the call before
        delivered = Math.min(0, delivered); // below 0 if more were lost late than were delivered
        deliveredBytes = 0;
        patient = mayWait;
        fate = Fate.SENT;
        boolean offloads = burst.hasOffloads();
        int done = 0;
        int soft = 0;
        int i = 0;
        while (i < count && fate != Fate.WAITS) {
            int frame = frames[i];
            long offload = offloads ? burst.offload(frame) : Offload.NONE;
            if (offload != Offload.NONE && !OffloadSet.suffices(takes, offload)) {
                done += flush();
                if (fate != Fate.WAITS && sendInSoftware(burst, frame, offload) != Fate.WAITS) {
                    soft++;
                }
                i++;
            } else if (batch.hasRoom(burst.endSegment(frame) - burst.firstSegment(frame) + 1)) {
                // That a checksum was verified is nothing one tells the kernel this way.
                long told = Offload.needsChecksum(offload) ? offload : Offload.NONE;
                add(burst, frame, told, told == Offload.NONE ? 0 : burst.headerLength(frame));
                i++;
            } else {
                done += flush();
            }
        }
        if (fate != Fate.WAITS) {
            done += flush();
        }
        if (lost > 0) {
            counters.drop(DropReason.UPLINK_FULL, lost);
            delivered -= lost;
            lost = 0;
        }
        counters.add(FRAMES, Math.max(0, delivered));
        counters.add(BYTES, deliveredBytes);
        return done + soft;
    }

    /** Sends a frame finished, in as many pieces as it takes. Nothing else is in the batch. */
    private Fate sendInSoftware(Burst burst, int frame, long offload) {
        SoftwareOffload software = burst.softwareOffload();
        software.start(burst, frame);
        int before = burst.piecesSent(frame);
        int lostBefore = lost;
        long framesBefore = delivered;
        long bytesBefore = deliveredBytes;
        fate = Fate.SENT;
        while (fate == Fate.SENT && software.next()) {
            if (software.made() > before) { // those before were sent when there was still room
                add(software.out(), 0, Offload.NONE, 0);
                int _ = flush();
            }
        }
        if (lost > lostBefore) {
            fate = fate == Fate.SENT ? drop(DropReason.UPLINK_FULL) : fate;
            lost = lostBefore; // pieces
        }
        boolean sent = fate == Fate.SENT;
        // However many pieces, it is one frame.
        delivered = framesBefore + (sent ? 1 : 0);
        deliveredBytes = bytesBefore + (sent ? burst.length(frame) : 0);
        int made = software.made();
        int taken = (sent ? made : made - 1) - before;
        burst.charge(made);
        if (fate == Fate.WAITS) {
            burst.setPiecesSent(frame, before + taken);
            counters.add(SOFTWARE_SEGMENTS, Offload.isSegmented(offload) ? taken : 0);
        } else {
            counters.finishedInSoftware(Offload.isSegmented(offload), taken, sent);
        }
        return fate;
    }

    /** Adds a frame to the batch, which has room for it. */
    private void add(Burst burst, int frame, long offload, int headerLength) {
        int n = batch.frames();
        int length = burst.length(frame);
        long at = (long) n * headRoom + HEADER_ROOM;
        if (headerBytes > 0) {
            long header = at - headerBytes;
            heads.set(WORD, header, Offload.headerWord(offload, headerLength));
            heads.set(HALF, header + Long.BYTES, (short) Offload.csumOffset(offload));
        }
        heads.set(WORD, at, burst.head0(frame));
        heads.set(WORD, at + Long.BYTES, burst.head1(frame));
        if (length <= onePieceBytes) {
            copyTail(burst, frame, at);
            batch.add(heads, at - headerBytes, headerBytes + length);
        } else {
            batch.add(heads, at - headerBytes, headerBytes + Math.min(length, Burst.HEAD_BYTES));
            for (int s = burst.firstSegment(frame), end = burst.endSegment(frame); s < end; s++) {
                batch.add(burst.segmentBase(s), burst.segmentOffset(s), burst.segmentLength(s));
            }
        }
        batch.end(headerBytes + length);
    }

    /** Copies what follows a frame's head. What is missing because memory has gone is zero, and never another frame's. */
    private void copyTail(Burst burst, int frame, long at) {
        long to = at + Burst.HEAD_BYTES;
        for (long clean = to, end = at + burst.length(frame); clean < end; clean += Long.BYTES) {
            heads.set(WORD, clean, 0);
        }
        for (int s = burst.firstSegment(frame), end = burst.endSegment(frame); s < end; s++) {
            MemorySegment.copy(burst.segmentBase(s), burst.segmentOffset(s), heads, to, burst.segmentLength(s));
            to += burst.segmentLength(s);
        }
    }

    /** Writes the batch until a frame waits, and says how many frames were dealt with; the last one's {@link #fate} is noted. */
    private int flush() {
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
            done++;
        }
        batch.clear();
        return done;
    }

    private void wrote(int from, int frames) {
        long bytes = 0;
        for (int i = from; i < from + frames; i++) {
            bytes += batch.length(i);
        }
        delivered += frames;
        deliveredBytes += bytes - (long) frames * headerBytes;
        if (whenFull.hold()) {
            pressure.wrote(frames, bytes);
        }
        int thrownAway = sink.lost();
        if (thrownAway > 0) {
            lost += thrownAway;
            // There is no room behind the device, and nobody rings when there is.
            if (whenFull.hold() && pressure.becomeFull(Errno.ENOBUFS, System.nanoTime())) {
                counters.add(STALLS, 1);
            }
        }
    }

    private Fate refused(int errno) {
        DropReason reason = reason(errno);
        if (reason != DropReason.UPLINK_FULL || !whenFull.hold()) {
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
