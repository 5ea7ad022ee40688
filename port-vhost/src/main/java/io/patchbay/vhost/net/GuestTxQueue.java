package io.patchbay.vhost.net;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.CALLS;
import static io.patchbay.core.port.QueueCounters.Count.CALLS_SUPPRESSED;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;
import static io.patchbay.core.port.QueueCounters.Count.KICKS;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.EthernetDescriptor;
import io.patchbay.core.frame.OffloadCheck;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.vhost.ring.Chain;
import io.patchbay.vhost.ring.ChainBatch;
import io.patchbay.vhost.ring.ChainResult;
import io.patchbay.vhost.ring.DeviceRing;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * A virtqueue the guest transmits on.
 *
 * <p>Each chain is a header and a frame. Chains are consumed and given back with length 0, all of a burst together; a chain that is no frame is counted
 * and given back in its turn. What the header asks for goes with the frame, if it can be.
 */
final class GuestTxQueue implements ReceiveQueue {

    /** A poll ends with the chain by which so many buffers were looked at: one whose frames are all dropped fills no burst. */
    private static final int MAX_BUFFERS = 4096;

    private DeviceRing ring;
    private final int headerBytes;
    private final Optional<EventFd> kick;
    private final Optional<EventFd> call;
    private final QueueCounters counters;
    private final QueueFault fault;
    private final boolean mayAsk;
    private final ChainBatch batch = new ChainBatch();
    private final Chain chain = new Chain();
    private final SentChain sent;
    private int taken;
    /** A bit for each of these chains of which no frame came. */
    private long without;

    private final FlowTable flows;
    private final int pair;
    private boolean broken;

    /**
     * @param asked the {@link OffloadSet} the guest may ask for; if that is nothing its headers are not looked at
     * @param flows where it is noted what the guest sends from here
     * @param pair number of the queue pair
     */
    GuestTxQueue(
            DeviceRing ring,
            int headerBytes,
            int asked,
            QueueEvents events,
            QueueCounters counters,
            QueueFault fault,
            FlowTable flows,
            int pair) {
        this.mayAsk = asked != OffloadSet.NOTHING;
        this.sent = new SentChain(chain, headerBytes, mayAsk, OffloadCheck.ofGuest(asked));
        this.ring = ring;
        this.headerBytes = headerBytes;
        this.kick = events.kick();
        this.call = events.call();
        this.counters = counters;
        this.fault = fault;
        this.flows = flows;
        this.pair = pair;
        ring.disableKicks(); // a worker turns until it has asked to be woken
    }

    /** Goes on with another ring over the same virtqueue, because guest memory has changed. Only while no worker has the queue. */
    void move(LongFunction<DeviceRing> ringAt) {
        ring = ringAt.apply(ring.position());
        ring.disableKicks();
    }

    @Override
    public int poll(Burst burst, int limit) {
        int waiting = broken ? 0 : ring.available(limit);
        if (waiting <= 0) {
            return waiting == 0 ? 0 : stop(ring.whyBroken());
        }
        int chains = Math.min(waiting, limit);
        ring.readBatch(chains, false, batch);
        long asking = mayAsk ? requests(chains) : 0;
        int n = 0;
        int buffers = 0;
        without = 0;
        long bytesBefore = burst.bytes();
        while (n < chains && buffers < MAX_BUFFERS && burst.hasRoomForAnyFrame()) {
            int whole = wholeFrames(n, chains, asking, burst.bytesLeft());
            if (whole > 0) {
                burst.addWhole(batch.base(n), batch.offsets(), batch.lengths(), n, whole, headerBytes);
                buffers += 2 * whole;
                n += whole;
            } else if (takeChain(n, burst)) {
                buffers += 1 + chain.segments();
                n++;
            } else {
                break;
            }
        }
        if (flows.isActive()) {
            learnFlows(burst);
        }
        taken = n;
        burst.charge(buffers);
        counters.add(FRAMES, n);
        counters.add(BYTES, burst.bytes() - bytesBefore);
        return n;
    }

    /**
     * Finds out which frames of the batch need a closer look at their headers: a bit for each. A guest that changes a header after this has asked for nothing.
     *
     * <p>In one sweep, like the reading of the heads, which are in the same cache lines.
     */
    private long requests(int chains) {
        long found = 0;
        for (int i = 0; i < chains; i++) {
            if (batch.length(i) >= headerBytes
                    && SentChain.isRequest(batch.base(i).get(NetHeaderDescriptor.U16, batch.offset(i)))) {
                found |= 1L << i;
            }
        }
        return found;
    }

    /** How many chains from this one on are one buffer of the same memory each, with a frame to be taken as it is; as far as so many bytes go. */
    private int wholeFrames(int first, int chains, long asking, long bytes) {
        int end = batch.isOfOneRegion() ? chains : first + 1;
        long left = bytes;
        int i = first;
        while (i < end && left > 0 && (asking & 1L << i) == 0) {
            int length = batch.length(i) - headerBytes;
            if (length < Burst.HEAD_BYTES || length > EthernetDescriptor.MAX_FRAME_BYTES) {
                break;
            }
            left -= length;
            i++;
        }
        return i - first;
    }

    private void learnFlows(Burst burst) {
        int[] hashes = burst.flows();
        FlowHash.ofAll(burst, hashes);
        burst.setFlows();
        flows.learn(hashes, burst.count(), pair, (int) (System.nanoTime() / 1_000_000_000L));
    }

    /** Adds the frame of a chain of any form, or counts why it is none; false if the ring cannot be trusted any more. */
    private boolean takeChain(int ahead, Burst burst) {
        chain.clear();
        ChainResult result = ring.read(ahead, false, chain);
        if (result == ChainResult.BROKEN) {
            stop(ring.whyBroken());
            return false;
        }
        batch.setHead(ahead, chain.head(0));
        if (result != ChainResult.OK) {
            drop(ahead, result == ChainResult.BAD ? DropReason.BAD_DESCRIPTOR : DropReason.TOO_MANY_SEGMENTS);
        } else if (!sent.take(burst)) {
            drop(ahead, sent.why());
        }
        return true;
    }

    /** Counts why there is no frame in a chain. */
    private void drop(int chainOfBatch, DropReason reason) {
        without |= 1L << chainOfBatch;
        counters.drop(reason, 1);
        if (reason == DropReason.BAD_DESCRIPTOR || reason == DropReason.BAD_HEADER) {
            fault.report(reason.explanation(), 1);
        }
    }

    private int stop(String why) {
        broken = true;
        fault.report(why + "; the queue is stopped until the front end sets it up again", 1);
        return 0;
    }

    @Override
    public void release() {
        release(taken);
    }

    @Override
    public boolean putBack(int first) {
        // Chains that were not consumed are available as they were.
        release(chainOfFrame(first));
        return true;
    }

    private int chainOfFrame(int frame) {
        int passed = 0;
        int n = 0;
        while (n < taken && ((without & 1L << n) != 0 || passed++ < frame)) {
            n++;
        }
        return n;
    }

    private void release(int chains) {
        ring.use(batch, 0, chains);
        taken = 0;
        if (ring.publish()) {
            call.ifPresent(EventFd::signal);
            counters.add(CALLS, 1);
        } else {
            counters.add(CALLS_SUPPRESSED, 1);
        }
    }

    @Override
    public int wakeDescriptor() {
        return kick.map(EventFd::number).orElse(-1);
    }

    @Override
    public boolean arm() {
        // A queue without a kick descriptor cannot wake us, so a worker that serves it never sleeps.
        return !broken && (ring.enableKicks() || kick.isEmpty());
    }

    @Override
    public void disarm() {
        if (!broken) {
            ring.disableKicks();
        }
    }

    @Override
    public void clearWakeUp() {
        if (kick.isPresent() && kick.get().drain()) {
            counters.add(KICKS, 1);
        }
    }

    @Override
    public QueueCounters counters() {
        return counters;
    }

    /** Where the ring stands. Only while no worker has the queue. */
    long position() {
        return ring.position();
    }

    boolean isBroken() {
        return broken;
    }
}
