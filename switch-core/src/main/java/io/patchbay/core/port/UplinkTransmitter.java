package io.patchbay.core.port;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.frame.SoftwareOffload;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.IoVector;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The writing side of an uplink.
 *
 * <p>The kernel is handed the frame's head, from our memory, and the segments of its tail where they lie in the guest's: nothing is copied by us.
 * A segment that is gone by then is the kernel's to refuse.
 */
public final class UplinkTransmitter implements Transmitter {

    private static final int HEADER_ROOM = 16;
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final FrameSink sink;
    private final QueueCounters counters;
    private final int headerBytes;
    private final int takes;
    private final SpinLock lock = new SpinLock();
    private final IoVector vector = new IoVector(Burst.MAX_FRAME_SEGMENTS + 2);
    private final MemorySegment header = Arena.ofAuto().allocate(HEADER_ROOM, Long.BYTES);
    private final MemorySegment head = Arena.ofAuto().allocate(Burst.HEAD_BYTES, Long.BYTES);
    private long delivered;
    private long deliveredBytes;

    /** Towards a kernel that takes frames as they are, and so only complete ones. */
    public UplinkTransmitter(FrameSink sink, QueueCounters counters) {
        this(sink, counters, 0, OffloadSet.NOTHING);
    }

    /**
     * Towards a kernel that expects a virtio-net header before each frame.
     *
     * @param headerBytes of that header, 10 or 12; 0 if it expects none
     * @param takes the {@link OffloadSet} the kernel takes upon itself; nothing without a header
     */
    public UplinkTransmitter(FrameSink sink, QueueCounters counters, int headerBytes, int takes) {
        this.sink = sink;
        this.counters = counters;
        this.headerBytes = headerBytes;
        this.takes = takes;
    }

    @Override
    public void transmit(Burst burst, int[] frames, int count) {
        lock.lock();
        try {
            delivered = 0;
            deliveredBytes = 0;
            boolean offloads = burst.hasOffloads();
            for (int i = 0; i < count; i++) {
                int frame = frames[i];
                boolean unfinished = offloads && burst.offload(frame) != Offload.NONE;
                boolean sent = unfinished ? sendUnfinished(burst, frame) : send(burst, frame, Offload.NONE, 0);
                if (sent) {
                    delivered++;
                    deliveredBytes += burst.length(frame);
                }
            }
            counters.add(FRAMES, delivered);
            counters.add(BYTES, deliveredBytes);
        } finally {
            lock.unlock();
        }
    }

    /** Sends a frame as its sender left it if the kernel finishes it, else finished, in as many pieces as it takes. */
    private boolean sendUnfinished(Burst burst, int frame) {
        long offload = burst.offload(frame);
        if (OffloadSet.suffices(takes, offload)) {
            // That a checksum was verified is nothing one tells the kernel this way.
            long told = Offload.needsChecksum(offload) ? offload : Offload.NONE;
            return send(burst, frame, told, burst.headerLength(frame));
        }
        SoftwareOffload software = burst.softwareOffload();
        software.start(burst, frame);
        boolean sent = true;
        while (sent && software.next()) {
            sent = send(software.out(), 0, Offload.NONE, 0);
        }
        int made = software.made();
        burst.charge(made);
        counters.finishedInSoftware(Offload.isSegmented(offload), sent ? made : made - 1, sent);
        return sent;
    }

    private boolean send(Burst burst, int frame, long offload, int headerLength) {
        int length = burst.length(frame);
        int entries = 0;
        if (headerBytes > 0) {
            header.set(WORD, 0, Offload.headerWord(offload, headerLength));
            header.set(WORD, Long.BYTES, Offload.csumOffset(offload));
            vector.set(entries++, header, 0, headerBytes);
        }
        head.set(WORD, 0, burst.head0(frame));
        head.set(WORD, Long.BYTES, burst.head1(frame));
        vector.set(entries++, head, 0, Math.min(length, Burst.HEAD_BYTES));
        for (int s = burst.firstSegment(frame), end = burst.endSegment(frame); s < end; s++) {
            vector.set(entries++, burst.segmentBase(s), burst.segmentOffset(s), burst.segmentLength(s));
        }
        long n = sink.write(vector, entries);
        if (n == headerBytes + length) {
            return true;
        }
        counters.drop(n >= 0 ? DropReason.TRUNCATED : reason((int) -n), 1);
        return false;
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
