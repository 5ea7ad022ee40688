package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Delivery;
import io.patchbay.vhost.ring.ChainBatch;
import io.patchbay.vhost.ring.DeviceRing;
import java.lang.foreign.MemorySegment;

/**
 * Delivers frames that are finished and fit into a chain of one buffer each, as nearly all do: chains are read ahead for many, and what can be is done in
 * sweeps, all headers and then all frames.
 *
 * <p>Confined to whoever has the queue's lock, and reused.
 */
final class PlainDelivery {

    private final ReceiveHeader header;
    private final ChainBatch batch = new ChainBatch();
    private DeviceRing ring;
    private WriteLog log;

    /** How many chains were read ahead; how many of those are used up, and are given back. */
    private int ready;

    private int used;
    private int givenBack;

    PlainDelivery(DeviceRing ring, ReceiveHeader header, WriteLog log) {
        this.ring = ring;
        this.header = header;
        this.log = log;
    }

    /** Goes on with another ring over the same virtqueue, and logs writes otherwise. */
    void move(DeviceRing next, WriteLog writes) {
        ring = next;
        log = writes;
    }

    /** Reads chains ahead, if each of so many frames needs one, and says for how many. */
    int begin(int frames) {
        ready = 0;
        used = 0;
        givenBack = 0;
        ready = Math.clamp(ring.available(frames), 0, frames);
        if (ready > 0) {
            ring.readBatch(ready, true, batch);
        }
        return ready;
    }

    /** Delivers the first frames of a burst, and says how many: as far as they fit. */
    int deliver(Burst burst, int[] frames, int count) {
        int most = burst.offloads().any() ? 0 : chainsInOneRegion(count);
        int n = 0;
        while (n < most && fits(n, burst.length(frames[n]))) {
            n++;
        }
        if (n > 0) {
            try {
                writeHeaders(n);
                burst.copyFrames(frames, n, batch.base(0), batch.offsets(), header.bytes());
            } finally {
                log(n);
            }
            used = n;
        }
        return n;
    }

    /** The same with the next frames of several bursts. If a sender's memory is lost, so is its frame; those before it are delivered. */
    int deliver(Delivery delivery, int count) {
        int most = delivery.mayHaveOffloads(count) ? 0 : chainsInOneRegion(count);
        int n = 0;
        while (n < most && fits(n, delivery.length(n))) {
            n++;
        }
        if (n > 0) {
            int before = delivery.left();
            int lost = 1;
            try {
                writeHeaders(n);
                delivery.copyNext(n, batch.base(0), batch.offsets(), header.bytes());
                lost = 0;
            } finally {
                log(n);
                used = before - delivery.left() - lost;
            }
        }
        return n;
    }

    /** Delivers a frame, finished, into the next chain; false if it does not fit there. */
    boolean deliver(Burst burst, int frame) {
        if (used >= ready || !fits(used, burst.length(frame))) {
            return false;
        }
        MemorySegment to = batch.base(used);
        long at = batch.offset(used);
        try {
            header.write(to, at, 0, 0, 1);
            burst.copyFrame(frame, to, at + header.bytes());
        } finally {
            if (log.isOn()) {
                log.wrote(to, at, batch.written(used));
            }
        }
        used++;
        return true;
    }

    private int chainsInOneRegion(int frames) {
        return batch.isOfOneRegion() ? Math.min(frames, ready) : 0;
    }

    /** Whether a frame fits into a chain, of which so much will have been written then. */
    private boolean fits(int chain, int length) {
        int needed = header.bytes() + length;
        batch.setWritten(chain, needed);
        return batch.length(chain) >= needed;
    }

    private void log(int n) {
        if (log.isOn()) {
            log.wrote(batch, n);
        }
    }

    private void writeHeaders(int n) {
        MemorySegment to = batch.base(0);
        for (int i = 0; i < n; i++) {
            header.write(to, batch.offset(i), 0, 0, 1);
        }
    }

    /** Passes chains that others have consumed and given back; what was used before must be {@linkplain #giveBack given back}. */
    void pass(int chains) {
        used += chains;
        givenBack = used;
    }

    /** Gives back the chains that frames were delivered to, and says how many. */
    int giveBack() {
        int n = used - givenBack;
        ring.use(batch, givenBack, n);
        givenBack = used;
        return n;
    }

    /** Bytes of the frames delivered here since chains were given back last. */
    long bytes() {
        long sum = 0;
        for (int i = givenBack; i < used; i++) {
            sum += batch.written(i) - header.bytes();
        }
        return sum;
    }
}
