package io.patchbay.core.port;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.EthernetDescriptor;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadCheck;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.IoVector;
import io.patchbay.core.linux.PollSet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The reading side of an uplink.
 *
 * <p>A frame is read before anybody can know whom it is for, so it is read into our own memory, and copied once from there into the guest. Each
 * frame of a burst has a slot for frames of common size; the bytes of a longer one go on into an overflow, of which there are a few. When the
 * overflows are used up the burst ends, and the rest is read with the next.
 *
 * <p>Frames that the kernel had for us and dropped because we were late count as received, and as dropped for that reason.
 *
 * <p>If the kernel puts a virtio-net header before each frame, what it leaves to us is checked like a guest's request and goes with the frame.
 *
 * <p>A tag that the kernel took out is put back: into the head, which holds the frame's first 16 bytes, tag included.
 */
public final class UplinkQueue implements ReceiveQueue {

    private static final int SLOT_BYTES = 2048;
    private static final int OVERFLOW_BYTES = 1 << 16;
    private static final int OVERFLOWS = 8;
    private static final int HEADER_ROOM = 16;
    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final FrameSource source;
    private final QueueCounters counters;
    private final MemorySegment slots = Arena.ofAuto().allocate((long) SLOT_BYTES * Burst.CAPACITY, 64);
    private final MemorySegment overflows = Arena.ofAuto().allocate((long) OVERFLOW_BYTES * OVERFLOWS, 64);
    private final MemorySegment header = Arena.ofAuto().allocate(HEADER_ROOM, Long.BYTES);
    private final OffloadCheck check = OffloadCheck.ofKernel();
    private final IoVector vector = new IoVector(3);
    private final PollSet readable = new PollSet(1);
    private final int headerBytes;
    private int overflow;

    public UplinkQueue(FrameSource source, QueueCounters counters) {
        this.source = source;
        this.headerBytes = source.headerBytes();
        this.counters = counters;
    }

    @Override
    public int poll(Burst burst, int limit) {
        int taken = 0;
        long bytesBefore = burst.bytes();
        overflow = 0;
        while (taken < limit && overflow < OVERFLOWS && burst.hasRoomForAnyFrame()) {
            long slot = (long) taken * SLOT_BYTES;
            int entry = 0;
            if (headerBytes > 0) {
                vector.set(entry++, header, 0, headerBytes);
            }
            vector.set(entry++, slots, slot, SLOT_BYTES);
            vector.set(entry++, overflows, (long) overflow * OVERFLOW_BYTES, OVERFLOW_BYTES);
            long n = source.read(vector, entry);
            if (n == -Errno.EAGAIN) {
                break;
            }
            taken++;
            if (n >= 0) {
                take(burst, slot, (int) n - headerBytes);
            } else if (n == -Errno.EMSGSIZE) {
                counters.drop(DropReason.TRUNCATED, 1);
            } else if (n == -Errno.EINVAL) {
                // A packet socket: what is left undone in the frame cannot be said in a virtio-net header.
                counters.drop(DropReason.BAD_OFFLOAD, 1);
            } else {
                // A device that is down or gone: nothing was received, and there is nothing more to read for now.
                taken--;
                break;
            }
        }
        if (taken > 0) {
            // Whatever was lost was lost while the kernel's queue was full, so a frame has been read since.
            int lost = source.lost();
            counters.add(FRAMES, taken + lost);
            counters.add(BYTES, burst.bytes() - bytesBefore);
            counters.drop(DropReason.KERNEL_DROP, lost);
        }
        return taken;
    }

    private void take(Burst burst, long slot, int length) {
        if (length < EthernetDescriptor.HEADER_BYTES) {
            counters.drop(DropReason.RUNT, 1);
            return;
        }
        int tag = source.tag();
        int total = length + (tag == FrameSource.NO_TAG ? 0 : EthernetDescriptor.TAG_BYTES);
        if (total > EthernetDescriptor.MAX_FRAME_BYTES) {
            counters.drop(DropReason.OVERSIZE, 1);
            return;
        }
        if (length < Burst.HEAD_BYTES) {
            // The slot still holds bytes of an earlier frame; the head of a short one is padded with zero.
            slots.asSlice(slot + length, Burst.HEAD_BYTES - length).fill((byte) 0);
        }
        long head0 = slots.get(WORD, slot);
        long head1 = slots.get(WORD, slot + Long.BYTES);
        int from = Burst.HEAD_BYTES;
        if (tag != FrameSource.NO_TAG) {
            head1 = withTag(head1, tag);
            from -= EthernetDescriptor.TAG_BYTES;
        }
        int inSlot = Math.min(length, SLOT_BYTES);
        if (inSlot > from) {
            burst.addSegment(slots, slot + from, inSlot - from);
        }
        if (length > SLOT_BYTES) {
            burst.addSegment(overflows, (long) overflow * OVERFLOW_BYTES, length - SLOT_BYTES);
            overflow++;
        }
        burst.endFrame(head0, head1, total);
        if (headerBytes > 0) {
            takeRequest(burst, total - length);
        }
    }

    /** @param inserted bytes that were put in before the place where any checksum begins */
    private void takeRequest(Burst burst, int inserted) {
        long request = Offload.ofHeader(header.get(WORD, 0), header.get(HALF, Long.BYTES));
        if (inserted > 0 && Offload.needsChecksum(request)) {
            request = Offload.of(
                    Offload.flags(request),
                    Offload.gsoType(request),
                    Offload.gsoSize(request),
                    Offload.csumStart(request) + inserted,
                    Offload.csumOffset(request));
        }
        if (!check.accept(burst, request)) {
            burst.dropLast();
            counters.drop(DropReason.BAD_OFFLOAD, 1);
        }
    }

    /** Bytes 8 to 15 of a frame with a tag put in at byte 12; what stood there is read again from the slot as part of the tail. */
    private static long withTag(long head1, int tag) {
        long onTheWire = Integer.reverseBytes(tag) & 0xffff_ffffL;
        return (head1 & 0xffff_ffffL) | (onTheWire << 32);
    }

    @Override
    public void release() {
        // The slots are free for the next burst as soon as this one is over.
    }

    @Override
    public int wakeDescriptor() {
        return source.descriptor();
    }

    @Override
    public boolean arm() {
        return readable.clear().add(source.descriptor(), PollSet.IN).isReady();
    }

    @Override
    public void disarm() {
        // The descriptor is readable for as long as a frame waits; there is nothing to take back.
    }

    @Override
    public QueueCounters counters() {
        return counters;
    }
}
