package io.patchbay.vhost.net;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.CALLS;
import static io.patchbay.core.port.QueueCounters.Count.CALLS_SUPPRESSED;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Delivery;
import io.patchbay.core.frame.FrameReader;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.frame.SoftwareOffload;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.SpinLock;
import io.patchbay.vhost.ring.Chain;
import io.patchbay.vhost.ring.ChainBatch;
import io.patchbay.vhost.ring.DeviceRing;
import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * A virtqueue the guest receives on.
 *
 * <p>A frame goes into one chain, or with VIRTIO_NET_F_MRG_RXBUF into as many as it fills. A frame that does not fit is dropped and its
 * chains stay available for the next. Workers take turns, a burst each, and so do
 * control threads that change the queue while it runs.
 */
final class GuestRxQueue {

    private DeviceRing ring;
    private final int headerBytes;
    private final int takes;
    private Optional<EventFd> call;
    private final QueueCounters counters;
    private WriteLog log;
    private final SpinLock lock = new SpinLock();
    private final ReceiveRoom room;
    private final ChainWriter writer = new ChainWriter();
    private final FrameReader reader = new FrameReader(new Burst());
    private final ChainBatch batch = new ChainBatch();
    private int delivered;
    private long deliveredBytes;
    /** Frames to come, until chains are read ahead for them; how many were read; how many of those are used up, and are given back. */
    private int unread;

    private int ready;
    private int used;
    private int givenBack;

    /** @param takes the {@link OffloadSet} the guest takes upon itself */
    GuestRxQueue(
            DeviceRing ring,
            int headerBytes,
            boolean mergeable,
            int takes,
            QueueEvents events,
            QueueCounters counters,
            QueueFault fault,
            WriteLog log) {
        this.ring = ring;
        this.headerBytes = headerBytes;
        this.takes = takes;
        this.call = events.call();
        this.counters = counters;
        this.room = new ReceiveRoom(ring, headerBytes, mergeable, counters, fault);
        this.log = log;
        // Nothing is ever waited for here: a guest without buffers loses frames, and need not tell us when it has some
        // again.
        ring.disableKicks();
    }

    /** Goes on with another ring over the same virtqueue, because guest memory or the log has changed. For control threads. */
    void move(LongFunction<DeviceRing> ringAt, WriteLog writes) {
        lock.lock();
        try {
            ring = ringAt.apply(ring.position());
            room.move(ring);
            log = writes;
            ring.disableKicks();
        } finally {
            lock.unlock();
        }
    }

    /** Notifies the guest otherwise, or not at all. When this returns the way before is not used any more. For control threads. */
    void setCall(Optional<EventFd> next) {
        lock.lock();
        try {
            call = next;
        } finally {
            lock.unlock();
        }
    }

    /** Delivers or drops frames of a burst. */
    void transmit(Burst burst, int[] frames, int count) {
        lock.lock();
        int done = 0;
        try {
            begin(count);
            done = deliverTogether(burst, frames, count);
            for (; done < count; done++) {
                deliverNext(burst, frames[done]);
            }
        } finally {
            burst.charge(room.buffers());
            end(count - done);
        }
    }

    /**
     * Delivers or drops the next frames of several bursts. The guest is shown as many at once as a burst may have, and for so many other workers have to
     * wait. If it breaks off, the next frame is left for whoever goes on.
     */
    void transmit(Delivery delivery, int total) {
        for (int left = total; left > 0; left -= Burst.CAPACITY) {
            transmitSome(delivery, Math.min(left, Burst.CAPACITY));
        }
    }

    private void transmitSome(Delivery delivery, int count) {
        lock.lock();
        int unfinished = 0;
        try {
            begin(count);
            for (int i = 0; i < count && delivery.next(); i++) {
                unfinished = 1;
                deliverNext(delivery.burst(), delivery.frame());
                unfinished = 0;
            }
        } finally {
            delivery.charge(room.buffers());
            end(unfinished);
        }
    }

    /** Counts frames that were lost on their way here because their sender's memory has gone. */
    void lost(int frames) {
        counters.drop(DropReason.PORT_DOWN, frames);
    }

    private void begin(int frames) {
        delivered = 0;
        deliveredBytes = 0;
        room.begin();
        unread = frames;
        ready = 0;
        used = 0;
        givenBack = 0;
    }

    /**
     * Copies the first frames of a burst, each into a chain of one buffer that is long enough, as many as there are of both, and says how many. In sweeps:
     * all headers, then all frames.
     */
    private int deliverTogether(Burst burst, int[] frames, int count) {
        if (burst.hasOffloads()) {
            return 0;
        }
        readAhead();
        int most = batch.isOfOneRegion() ? Math.min(count, ready) : 0;
        int n = 0;
        long bytes = 0;
        for (; n < most; n++) {
            int length = burst.length(frames[n]);
            if (batch.length(n) < headerBytes + length) {
                break;
            }
            batch.setWritten(n, headerBytes + length);
            bytes += length;
        }
        if (n > 0) {
            MemorySegment to = batch.base(0);
            for (int i = 0; i < n && log.isOn(); i++) {
                log.willWrite(to, batch.offset(i), batch.written(i));
            }
            for (int i = 0; i < n; i++) {
                writeHeader(to, batch.offset(i), 0, 0);
            }
            burst.copyFrames(frames, n, to, batch.offsets(), headerBytes);
        }
        used = n;
        delivered = n;
        deliveredBytes = bytes;
        return n;
    }

    private void deliverNext(Burst burst, int frame) {
        int needed = headerBytes + burst.length(frame);
        boolean unfinished = burst.hasOffloads() && burst.offload(frame) != Offload.NONE;
        if (unread > 0) {
            readAhead();
        }
        if (used < ready && batch.length(used) >= needed && !unfinished) {
            deliverWhole(burst, frame, needed, used);
            used++;
        } else {
            giveBack();
            if (unfinished ? deliverUnfinished(burst, frame) : deliver(burst, frame, 0, 0)) {
                delivered++;
                deliveredBytes += burst.length(frame);
            }
            used += room.takeConsumed();
            givenBack = used;
        }
    }

    /** Gives the chains read ahead back that are used up. */
    private void giveBack() {
        ring.use(batch, givenBack, used - givenBack);
        givenBack = used;
    }

    /** Ends it, also if it broke off because this guest's memory went away, or a sender's: what was delivered is shown. */
    private void end(int left) {
        try {
            counters.drop(DropReason.PORT_DOWN, left);
            counters.add(FRAMES, delivered);
            counters.add(BYTES, deliveredBytes);
            giveBack();
            publish();
        } finally {
            lock.unlock();
        }
    }

    private void publish() {
        if (log.isOn()) {
            log.flush();
        }
        if (ring.publish()) {
            call.ifPresent(EventFd::signal);
            counters.add(CALLS, 1);
        } else if (delivered > 0) {
            counters.add(CALLS_SUPPRESSED, 1);
        }
    }

    /** Reads the chains that frames will go into, if each needs one; if there are none, the first frame finds out why. */
    private void readAhead() {
        int frames = unread;
        unread = 0;
        ready = room.isBroken() ? 0 : Math.clamp(ring.available(frames), 0, frames);
        if (ready > 0) {
            ring.readBatch(ready, true, batch);
            room.charge(ready);
        }
    }

    /** Copies a frame into a chain of one buffer that is long enough. */
    private void deliverWhole(Burst burst, int frame, int needed, int chainOfBatch) {
        MemorySegment to = batch.base(chainOfBatch);
        long at = batch.offset(chainOfBatch);
        if (log.isOn()) {
            log.willWrite(to, at, needed);
        }
        writeHeader(to, at, 0, 0);
        burst.copyFrame(frame, to, at + headerBytes);
        batch.setWritten(chainOfBatch, needed);
        delivered++;
        deliveredBytes += needed - headerBytes;
    }

    /** Delivers a frame as its sender left it if the guest finishes it, else finished, in as many pieces as it takes. */
    private boolean deliverUnfinished(Burst burst, int frame) {
        long offload = burst.offload(frame);
        if (OffloadSet.suffices(takes, offload)) {
            long shown = OffloadSet.visible(takes, offload);
            return deliver(
                    burst, frame, Offload.headerWord(shown, burst.headerLength(frame)), Offload.csumOffset(shown));
        }
        SoftwareOffload software = burst.softwareOffload();
        software.start(burst, frame);
        boolean taken = true;
        while (taken && software.next()) {
            taken = deliver(software.out(), 0, 0, 0);
        }
        int made = software.made();
        room.charge(made);
        counters.finishedInSoftware(Offload.isSegmented(offload), taken ? made : made - 1, taken);
        return taken;
    }

    /**
     * Delivers a frame by way of chains of any form, or counts why not.
     *
     * @param headerWord bytes 0 to 7 of its header
     * @param csumOffset bytes 8 and 9
     */
    private boolean deliver(Burst burst, int frame, long headerWord, int csumOffset) {
        int length = burst.length(frame);
        if (!room.find(headerBytes + (long) length)) {
            return false;
        }
        Chain chain = room.chain();
        if (log.isOn()) {
            log.willWrite(chain, headerBytes + (long) length);
        }
        if (chain.segments() == 1) {
            MemorySegment to = chain.base(0);
            long at = chain.offset(0);
            writeHeader(to, at, headerWord, csumOffset);
            burst.copyFrame(frame, to, at + headerBytes);
        } else {
            writer.start(chain);
            writer.writeHeader(headerBytes, headerWord, csumOffset | chain.chains() << 16);
            reader.start(burst, frame);
            writer.write(reader);
        }
        room.giveBack(headerBytes + length);
        return true;
    }

    /**
     * Writes a header for a frame in one chain, unless it stands there already: drivers that forward leave buffers as they were, and a line
     * that nobody writes stays in both processors' caches.
     */
    private void writeHeader(MemorySegment to, long at, long headerWord, int csumOffset) {
        if (to.get(NetHeaderDescriptor.U64, at) != headerWord) {
            to.set(NetHeaderDescriptor.U64, at, headerWord);
        }
        if (headerBytes == NetHeaderDescriptor.BYTES) {
            int second = csumOffset | 1 << 16;
            if (to.get(NetHeaderDescriptor.U32, at + NetHeaderDescriptor.CSUM_OFFSET) != second) {
                to.set(NetHeaderDescriptor.U32, at + NetHeaderDescriptor.CSUM_OFFSET, second);
            }
        } else {
            to.set(NetHeaderDescriptor.U16, at + NetHeaderDescriptor.CSUM_OFFSET, (short) csumOffset);
        }
    }

    /** Where the ring stands. Only while no worker has the queue. */
    long position() {
        return ring.position();
    }

    boolean isBroken() {
        return room.isBroken();
    }
}
