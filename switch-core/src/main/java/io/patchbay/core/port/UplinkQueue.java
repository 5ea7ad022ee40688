package io.patchbay.core.port;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.EthernetDescriptor;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadCheck;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.PollSet;
import io.patchbay.core.linux.ReceiveBatch;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The reading side of an uplink.
 *
 * <p>Frames are read before anybody can know whom they are for, so they are read into our own memory, as many at once as there is room for, and
 * copied once from there into the guest. If a burst ends before all that were read are in it, the rest comes with the next.
 *
 * <p>Frames that the kernel had for us and dropped because we were late count as received, and as dropped for that reason.
 *
 * <p>If the kernel puts a virtio-net header before each frame, what it leaves to us is checked like a guest's request and goes with the frame.
 *
 * <p>A tag that the kernel took out is put back: into the head, which holds the frame's first 16 bytes, tag included.
 */
public final class UplinkQueue implements ReceiveQueue {

    private static final ValueLayout.OfShort HALF = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final FrameSource source;
    private final QueueCounters counters;
    private final ReceiveBatch batch;
    private final MemorySegment slots;
    private final OffloadCheck check = OffloadCheck.ofKernel();
    private final PollSet readable = new PollSet(1);
    private final int headerBytes;

    /** The slots with frames that were read and are in no burst yet. */
    private int next;

    private int end;

    public UplinkQueue(FrameSource source, QueueCounters counters) {
        this.source = source;
        this.batch = source.batch();
        this.slots = batch.memory();
        this.headerBytes = batch.headerBytes();
        this.counters = counters;
    }

    @Override
    public int poll(Burst burst, int limit) {
        int taken = 0;
        int read = 0;
        boolean mayRead = true;
        long bytesBefore = burst.bytes();
        if (next == end) {
            next = 0; // the burst before this one is over
            end = 0;
        }
        while (taken < limit && burst.hasRoomForAnyFrame()) {
            if (next < end) {
                taken += take(burst, next++);
                continue;
            }
            int most = Math.min(limit - taken, ReceiveBatch.CAPACITY - end);
            int n = mayRead && most > 0 ? source.read(end, most) : -Errno.EAGAIN;
            if (n > 0) {
                end += n;
                read += n;
                mayRead = n == most;
            } else if (n == -Errno.EINVAL) {
                // A packet socket: what is left undone in the frame cannot be said in a virtio-net header.
                counters.drop(DropReason.BAD_OFFLOAD, 1);
                taken++;
                read++;
            } else {
                break; // drained; or a device that is down or gone
            }
        }
        // Whatever was lost was lost while the kernel's queue was full, so a frame has been read since.
        int lost = read > 0 ? source.lost() : 0;
        counters.add(FRAMES, taken + lost);
        counters.add(BYTES, burst.bytes() - bytesBefore);
        counters.drop(DropReason.KERNEL_DROP, lost);
        return taken;
    }

    /** Takes what was read into a slot, and says how many frames that were, in the burst or dropped. */
    private int take(Burst burst, int slot) {
        int n = batch.result(slot);
        if (n >= 0) {
            take(burst, batch.frameAt(slot), n - headerBytes, batch.tag(slot));
        } else if (n == -Errno.EMSGSIZE) {
            counters.drop(DropReason.TRUNCATED, 1);
        } else {
            return 0; // left out
        }
        return 1;
    }

    private void take(Burst burst, long at, int length, int tag) {
        if (length < EthernetDescriptor.HEADER_BYTES) {
            counters.drop(DropReason.RUNT, 1);
            return;
        }
        int total = length + (tag == ReceiveBatch.NO_TAG ? 0 : EthernetDescriptor.TAG_BYTES);
        if (total > EthernetDescriptor.MAX_FRAME_BYTES) {
            counters.drop(DropReason.OVERSIZE, 1);
            return;
        }
        if (length < Burst.HEAD_BYTES) {
            // The slot still holds bytes of an earlier frame; the head of a short one is padded with zero.
            slots.asSlice(at + length, Burst.HEAD_BYTES - length).fill((byte) 0);
        }
        long head0 = slots.get(WORD, at);
        long head1 = slots.get(WORD, at + Long.BYTES);
        int from = Burst.HEAD_BYTES;
        if (tag != ReceiveBatch.NO_TAG) {
            head1 = withTag(head1, tag);
            from -= EthernetDescriptor.TAG_BYTES;
        }
        if (length > from) {
            burst.addSegment(slots, at + from, length - from);
        }
        burst.endFrame(head0, head1, total);
        if (headerBytes > 0) {
            takeRequest(burst, at - headerBytes, total - length);
        }
    }

    /** @param inserted bytes that were put in before the place where any checksum begins */
    private void takeRequest(Burst burst, long header, int inserted) {
        long request = Offload.ofHeader(slots.get(WORD, header), slots.get(HALF, header + Long.BYTES));
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
        source.arm();
        return next < end
                || readable.clear().add(source.descriptor(), PollSet.IN).isReady();
    }

    @Override
    public void disarm() {
        // The kernel wakes whoever waits, and nobody does.
    }

    @Override
    public void clearWakeUp() {
        // The descriptor is readable for as long as a frame waits.
    }

    @Override
    public QueueCounters counters() {
        return counters;
    }
}
