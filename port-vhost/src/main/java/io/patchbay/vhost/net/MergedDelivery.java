package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.FrameReader;
import io.patchbay.vhost.ring.ChainBatch;
import io.patchbay.vhost.ring.DeviceRing;
import java.lang.foreign.MemorySegment;

/**
 * Delivers a frame into as many chains as it fills (VIRTIO_NET_F_MRG_RXBUF), if these are one buffer each, all in one region: a packet of 64 KiB takes
 * thirty-three of them, read in a sweep.
 *
 * <p>Confined to whoever has the queue's lock, and reused.
 */
final class MergedDelivery {

    private final ReceiveHeader header;
    private final ReceiveRoom room;
    private final ChainBatch batch = new ChainBatch();
    private final FrameReader reader = new FrameReader();
    private DeviceRing ring;

    /** Of the buffer filled last: how many will be needed is guessed by that. */
    private int bufferBytes = Integer.MAX_VALUE;

    /** @param room told of the chains that are consumed here */
    MergedDelivery(DeviceRing ring, ReceiveHeader header, ReceiveRoom room) {
        this.ring = ring;
        this.header = header;
        this.room = room;
    }

    /** Goes on with another ring over the same virtqueue. */
    void move(DeviceRing next) {
        ring = next;
    }

    /**
     * Delivers a frame, if it can be done this way: if not, nothing has changed.
     *
     * @param headerWord bytes 0 to 7 of its header
     * @param csumOffset bytes 8 and 9
     */
    boolean deliver(Burst burst, int frame, long headerWord, int csumOffset, WriteLog log) {
        int needed = header.bytes() + burst.length(frame);
        int chains = find(needed);
        if (chains == 0) {
            return false;
        }
        try {
            header.write(batch.base(0), batch.offset(0), headerWord, csumOffset, chains);
            copy(burst, frame, chains);
        } finally {
            if (log.isOn()) {
                log.wrote(batch, chains);
            }
        }
        ring.use(batch, 0, chains);
        room.pass(chains);
        return true;
    }

    private void copy(Burst burst, int frame, int chains) {
        MemorySegment to = batch.base(0);
        reader.start(burst, frame);
        int skip = header.bytes();
        for (int i = 0; i < chains; i++) {
            reader.copy(to, batch.offset(i) + skip, batch.written(i) - skip);
            skip = 0;
        }
    }

    /** Reads the next chains, and says how many so many bytes fill, and how much of each; 0 if there are not enough, or not of the form. */
    private int find(int needed) {
        long guess = (needed + (long) bufferBytes - 1) / bufferBytes + 1;
        int wanted = (int) Math.min(guess, ChainBatch.CAPACITY);
        int waiting = room.isSpent() ? 0 : Math.min(ring.available(wanted), wanted);
        if (waiting <= 0) {
            return 0;
        }
        ring.readBatch(waiting, true, batch);
        int left = needed;
        int n = 0;
        while (left > 0 && n < waiting && batch.isOfOneRegion() && batch.length(n) >= header.bytes()) {
            int bytes = Math.min(left, batch.length(n));
            batch.setWritten(n, bytes);
            left -= bytes;
            n++;
        }
        if (n > 0) {
            bufferBytes = batch.length(0);
        }
        return left > 0 ? 0 : n;
    }
}
