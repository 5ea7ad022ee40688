package io.patchbay.core.port;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;

import io.patchbay.core.frame.Burst;
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

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final FrameSink sink;
    private final QueueCounters counters;
    private final SpinLock lock = new SpinLock();
    private final IoVector vector = new IoVector(Burst.MAX_FRAME_SEGMENTS + 1);
    private final MemorySegment head = Arena.ofAuto().allocate(Burst.HEAD_BYTES, Long.BYTES);
    private long delivered;
    private long deliveredBytes;

    public UplinkTransmitter(FrameSink sink, QueueCounters counters) {
        this.sink = sink;
        this.counters = counters;
    }

    @Override
    public void transmit(Burst burst, int[] frames, int count) {
        lock.lock();
        try {
            delivered = 0;
            deliveredBytes = 0;
            for (int i = 0; i < count; i++) {
                send(burst, frames[i]);
            }
            counters.add(FRAMES, delivered);
            counters.add(BYTES, deliveredBytes);
        } finally {
            lock.unlock();
        }
    }

    private void send(Burst burst, int frame) {
        int length = burst.length(frame);
        head.set(WORD, 0, burst.head0(frame));
        head.set(WORD, Long.BYTES, burst.head1(frame));
        vector.set(0, head, 0, Math.min(length, Burst.HEAD_BYTES));
        int entries = 1;
        for (int s = burst.firstSegment(frame), end = burst.endSegment(frame); s < end; s++) {
            vector.set(entries++, burst.segmentBase(s), burst.segmentOffset(s), burst.segmentLength(s));
        }
        long n = sink.write(vector, entries);
        if (n == length) {
            delivered++;
            deliveredBytes += length;
        } else {
            counters.drop(n >= 0 ? DropReason.TRUNCATED : reason((int) -n), 1);
        }
    }

    private static DropReason reason(int errno) {
        return switch (errno) {
            case Errno.EAGAIN, Errno.ENOBUFS -> DropReason.UPLINK_FULL;
            case Errno.EMSGSIZE -> DropReason.OVERSIZE;
            case Errno.EIO, Errno.ENETDOWN, Errno.ENXIO, Errno.ENODEV -> DropReason.PORT_DOWN;
            default -> DropReason.UPLINK_ERROR;
        };
    }
}
