package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.vhost.ring.Chain;
import io.patchbay.vhost.ring.ChainResult;
import io.patchbay.vhost.ring.DeviceRing;

/**
 * Finds chains of any form for the frames a guest receives, and gives them back: one for a frame, or with VIRTIO_NET_F_MRG_RXBUF as many as it fills.
 *
 * <p>Confined to whoever has the queue's lock, and reused.
 */
final class ReceiveRoom {

    private static final int ENOUGH_TO_KNOW = Burst.CAPACITY;

    /**
     * Most buffers looked at for one burst; frames for which there is none by then are dropped. Frames of 64 KiB in the buffers that drivers
     * use take less than half of it. Without a limit the guest decides how long it holds up its peers: by buffers of a byte, or by
     * posting bad ones as fast as they are given back.
     */
    private static final int MAX_BUFFERS = 8192;

    private final int headerBytes;
    private final boolean mergeable;
    private final QueueCounters counters;
    private final QueueFault fault;
    private final Chain chain = new Chain();
    private DeviceRing ring;
    private boolean broken;
    private int consumed;
    private int buffers;

    /** @param fault told of chains that are no buffers, and of a ring that cannot be trusted */
    ReceiveRoom(DeviceRing ring, int headerBytes, boolean mergeable, QueueCounters counters, QueueFault fault) {
        this.ring = ring;
        this.headerBytes = headerBytes;
        this.mergeable = mergeable;
        this.counters = counters;
        this.fault = fault;
    }

    /** Goes on with another ring over the same virtqueue. */
    void move(DeviceRing next) {
        ring = next;
    }

    /** Begins to count {@link #buffers} anew, and what is looked at for one burst. */
    void begin() {
        buffers = 0;
        consumed = 0;
    }

    /** Notes that so many buffers were looked at by others. */
    void charge(int others) {
        buffers += others;
    }

    /** Buffers looked at since {@link #begin}. */
    int buffers() {
        return buffers;
    }

    /** Chains taken off the ring here since this was asked last. */
    int takeConsumed() {
        int chains = consumed;
        consumed = 0;
        return chains;
    }

    /** Whether no more is to be looked at for this burst. */
    boolean isSpent() {
        return broken || buffers >= MAX_BUFFERS;
    }

    /** Notes that others took chains of one buffer each off the ring. */
    void pass(int chains) {
        consumed += chains;
        buffers += 2 * chains;
    }

    /** Whether the ring cannot be trusted any more. */
    boolean isBroken() {
        return broken;
    }

    /** The chains found last. */
    Chain chain() {
        return chain;
    }

    /** Gathers chains for a frame and its header, or counts why there are none. Chains that are no buffers are given back on the way. */
    boolean find(long needed) {
        chain.clear();
        int ahead = 0;
        while (chain.bytes() < needed) {
            int waiting = broken ? 0 : ring.available(Math.max(ENOUGH_TO_KNOW, ahead + 1));
            if (waiting == DeviceRing.BROKEN) {
                stop(ring.whyBroken());
                waiting = 0;
            }
            if (ahead >= waiting) {
                counters.drop(DropReason.NO_RX_BUFFER, 1);
                return false;
            }
            if (buffers >= MAX_BUFFERS) {
                counters.drop(DropReason.TOO_MANY_SEGMENTS, 1);
                return false;
            }
            ChainResult result = read(ahead);
            switch (result) {
                case OK -> ahead++;
                case BROKEN -> stop(ring.whyBroken());
                case TOO_LONG -> {
                    if (ahead > 0) {
                        counters.drop(DropReason.TOO_MANY_SEGMENTS, 1);
                        return false;
                    }
                    discardHead();
                }
                case BAD -> {
                    if (ahead > 0) {
                        // The chains before it are good; begin again with them gone from the way of this frame only.
                        counters.drop(DropReason.BAD_DESCRIPTOR, 1);
                        discardAfter(ahead);
                        return false;
                    }
                    discardHead();
                }
            }
            if (result == ChainResult.OK && !mergeable && chain.bytes() < needed) {
                counters.drop(DropReason.OVERSIZE, 1);
                return false;
            }
        }
        return true;
    }

    private ChainResult read(int ahead) {
        int before = chain.segments();
        ChainResult result = ring.read(ahead, true, chain);
        buffers += 1 + chain.segments() - before;
        // With mergeable buffers each one must have room for a header (virtio 1.3 §5.1.6.3.1).
        boolean tooSmall = result == ChainResult.OK && mergeable && chain.chainBytes(chain.chains() - 1) < headerBytes;
        return tooSmall ? ChainResult.BAD : result;
    }

    /** Gives the next chain back empty. */
    private void discardHead() {
        int head = chain.head(0);
        consume(1);
        ring.use(head, 0);
        fault.report(DropReason.BAD_DESCRIPTOR.explanation(), 1);
        chain.clear();
    }

    /** Gives back the chains gathered and the bad one after them, all empty: the ring is in order, so the bad one cannot go alone. */
    private void discardAfter(int good) {
        consume(good + 1);
        for (int c = 0; c <= good; c++) {
            ring.use(chain.head(c), 0);
        }
        fault.report(DropReason.BAD_DESCRIPTOR.explanation(), 1);
        chain.clear();
    }

    /** Gives the chains found last back, with so many bytes written. */
    void giveBack(int written) {
        int chains = chain.chains();
        consume(chains);
        long left = written;
        for (int c = 0; c < chains; c++) {
            int filled = (int) Math.min(left, chain.chainBytes(c));
            ring.use(chain.head(c), filled);
            left -= filled;
        }
    }

    private void consume(int chains) {
        ring.consume(chains);
        consumed += chains;
    }

    private void stop(String why) {
        broken = true;
        fault.report(why + "; the queue is stopped until the front end sets it up again", 1);
    }
}
