package io.patchbay.vhost.net;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.CALLS;
import static io.patchbay.core.port.QueueCounters.Count.CALLS_SUPPRESSED;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Delivery;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.SpinLock;
import io.patchbay.vhost.ring.DeviceRing;
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
    private Optional<EventFd> call;
    private final QueueCounters counters;
    private WriteLog log;
    private final SpinLock lock = new SpinLock();
    private final ReceiveRoom room;
    private final PlainDelivery plain;
    private final ChainDelivery any;
    private int delivered;
    private long deliveredBytes;

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
        this.call = events.call();
        this.counters = counters;
        this.log = log;
        ReceiveHeader header = new ReceiveHeader(headerBytes);
        this.room = new ReceiveRoom(ring, headerBytes, mergeable, counters, fault);
        this.plain = new PlainDelivery(ring, header, log);
        Optional<MergedDelivery> merged =
                mergeable ? Optional.of(new MergedDelivery(ring, header, room)) : Optional.empty();
        this.any = new ChainDelivery(header, takes, room, merged, counters, log);
        // Nothing is ever waited for here: a guest without buffers loses frames, and need not tell us when it has some
        // again.
        ring.disableKicks();
    }

    /** Goes on with another ring over the same virtqueue, because guest memory or the log has changed. For control threads. */
    void move(LongFunction<DeviceRing> ringAt, WriteLog writes) {
        lock.lock();
        try {
            ring = ringAt.apply(ring.position());
            log = writes;
            plain.move(ring, writes);
            any.move(ring, writes);
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
            done = plain.deliver(burst, frames, count);
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
     * wait. If it breaks off, one more frame is lost, and the next is left for whoever goes on.
     */
    void transmit(Delivery delivery, int total) {
        for (int left = total; left > 0; left -= Burst.CAPACITY) {
            transmitSome(delivery, Math.min(left, Burst.CAPACITY));
        }
    }

    private void transmitSome(Delivery delivery, int count) {
        lock.lock();
        int before = delivery.left();
        int lost = 1;
        try {
            begin(count);
            for (int i = plain.deliver(delivery, count); i < count && delivery.next(); i++) {
                deliverNext(delivery.burst(), delivery.frame());
            }
            lost = 0;
        } finally {
            if (lost > 0 && delivery.left() == before) {
                delivery.next(); // so that there is an end, whatever it was
            }
            delivery.charge(room.buffers());
            end(lost);
        }
    }

    /** Counts frames that were lost on their way here because their sender's memory has gone. Others may be at work here meanwhile. */
    void lost(int frames) {
        counters.lostOnTheWay(frames);
    }

    private void begin(int frames) {
        delivered = 0;
        deliveredBytes = 0;
        room.begin();
        room.charge(plain.begin(room.isBroken() ? 0 : frames));
    }

    private void deliverNext(Burst burst, int frame) {
        if (!burst.isUnfinished(frame) && plain.deliver(burst, frame)) {
            return;
        }
        giveBack();
        if (any.deliver(burst, frame)) {
            delivered++;
            deliveredBytes += burst.length(frame);
        }
        plain.pass(room.takeConsumed());
    }

    /** Counts what was delivered in plain, and gives its chains back. */
    private void giveBack() {
        deliveredBytes += plain.bytes();
        delivered += plain.giveBack();
    }

    /** Ends it, also if it broke off because this guest's memory went away, or a sender's: what was delivered is shown. */
    private void end(int left) {
        try {
            counters.drop(DropReason.PORT_DOWN, left);
            giveBack();
            counters.add(FRAMES, delivered);
            counters.add(BYTES, deliveredBytes);
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

    /** Where the ring stands. Only while no worker has the queue. */
    long position() {
        return ring.position();
    }

    boolean isBroken() {
        return room.isBroken();
    }
}
