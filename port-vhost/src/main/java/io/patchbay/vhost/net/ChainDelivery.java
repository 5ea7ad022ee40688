package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.FrameReader;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.frame.SoftwareOffload;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.vhost.ring.Chain;
import io.patchbay.vhost.ring.DeviceRing;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Delivers frames one by one, by way of chains of any form, and finished if the guest does not finish them itself.
 *
 * <p>Confined to whoever has the queue's lock, and reused.
 */
final class ChainDelivery {

    private final ReceiveHeader header;
    private final int takes;
    private final ReceiveRoom room;
    private final Optional<MergedDelivery> merged;
    private final QueueCounters counters;
    private final ChainWriter writer = new ChainWriter();
    private final FrameReader reader = new FrameReader();
    private WriteLog log;

    /**
     * @param takes the {@link OffloadSet} the guest takes upon itself
     * @param merged a faster way for most frames that fill several chains, if they may
     */
    ChainDelivery(
            ReceiveHeader header,
            int takes,
            ReceiveRoom room,
            Optional<MergedDelivery> merged,
            QueueCounters counters,
            WriteLog log) {
        this.header = header;
        this.takes = takes;
        this.room = room;
        this.merged = merged;
        this.counters = counters;
        this.log = log;
    }

    /** Goes on with another ring over the same virtqueue, and logs writes otherwise. */
    void move(DeviceRing next, WriteLog writes) {
        room.move(next);
        merged.ifPresent(m -> m.move(next));
        log = writes;
    }

    /** Delivers a frame, or counts why not. */
    boolean deliver(Burst burst, int frame) {
        return burst.isUnfinished(frame) ? deliverUnfinished(burst, frame) : deliver(burst, frame, 0, 0);
    }

    /** Delivers a frame as its sender left it if the guest finishes it, else finished, in as many pieces as it takes. */
    private boolean deliverUnfinished(Burst burst, int frame) {
        long offload = burst.offloads().of(frame);
        if (OffloadSet.suffices(takes, offload)) {
            long shown = OffloadSet.visible(takes, offload);
            return deliver(
                    burst,
                    frame,
                    Offload.headerWord(shown, burst.offloads().headerLength(frame)),
                    Offload.csumOffset(shown));
        }
        SoftwareOffload software = burst.offloads().software();
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
     * Delivers a frame as it is.
     *
     * @param headerWord bytes 0 to 7 of its header
     * @param csumOffset bytes 8 and 9
     */
    private boolean deliver(Burst burst, int frame, long headerWord, int csumOffset) {
        if (merged.isPresent() && merged.get().deliver(burst, frame, headerWord, csumOffset, log)) {
            return true;
        }
        int needed = header.bytes() + burst.length(frame);
        if (!room.find(needed)) {
            return false;
        }
        try {
            write(burst, frame, headerWord, csumOffset);
        } finally {
            if (log.isOn()) {
                log.wrote(room.chain(), needed);
            }
        }
        room.giveBack(needed);
        return true;
    }

    /** Writes a frame and its header into the chain that was found. */
    private void write(Burst burst, int frame, long headerWord, int csumOffset) {
        Chain chain = room.chain();
        if (chain.segments() == 1) {
            MemorySegment to = chain.base(0);
            long at = chain.offset(0);
            header.write(to, at, headerWord, csumOffset, 1);
            burst.copyFrame(frame, to, at + header.bytes());
        } else {
            writer.start(chain);
            writer.writeHeader(header.bytes(), headerWord, csumOffset | chain.chains() << 16);
            reader.start(burst, frame);
            writer.write(reader);
        }
    }
}
