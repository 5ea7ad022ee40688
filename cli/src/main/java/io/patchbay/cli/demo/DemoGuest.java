package io.patchbay.cli.demo;

import io.patchbay.vhost.frontend.DriverRing;
import io.patchbay.vhost.frontend.FrontEnd;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;

/** A guest that talks to the next one, and now and then to all, and checks what it hears. One thread. */
final class DemoGuest implements Runnable {

    private static final int BURST = 32;
    private static final long PAUSE_NANOS = 50_000;

    private final FrontEnd frontEnd;
    private final int number;
    private final int guests;
    private final int frameBytes;
    private final long[] lastSequence;
    private volatile boolean sending = true;
    private volatile boolean running = true;
    private final LongAdder sent = new LongAdder();
    private final LongAdder received = new LongAdder();
    private final LongAdder damaged = new LongAdder();
    private final LongAdder outOfOrder = new LongAdder();

    DemoGuest(FrontEnd frontEnd, int number, int guests, int frameBytes) {
        this.frontEnd = frontEnd;
        this.number = number;
        this.guests = guests;
        this.frameBytes = frameBytes;
        this.lastSequence = new long[guests];
    }

    long sent() {
        return sent.sum();
    }

    long received() {
        return received.sum();
    }

    /** Frames that were not what their sender wrote. */
    long damaged() {
        return damaged.sum();
    }

    /** Frames that came after a later one of the same sender. */
    long outOfOrder() {
        return outOfOrder.sum();
    }

    /** Goes on listening, but says no more. */
    void hush() {
        sending = false;
    }

    void stop() {
        running = false;
    }

    @Override
    public void run() {
        while (running) {
            int work = listen();
            work += sending ? talk() : frontEnd.reclaim();
            if (work == 0) {
                LockSupport.parkNanos(PAUSE_NANOS);
            }
        }
    }

    private int talk() {
        frontEnd.reclaim();
        DriverRing ring = frontEnd.transmitRing();
        int n = Math.min(BURST, ring.free());
        long sequence = sent.sum();
        for (int i = 0; i < n; i++) {
            sequence++;
            int id = ring.take();
            long at = ring.bufferOffset(id);
            ring.buffers().asSlice(at, frontEnd.headerBytes()).fill((byte) 0);
            int to = DemoFrame.receiver(number, sequence, guests);
            DemoFrame.write(ring.buffers(), at + frontEnd.headerBytes(), frameBytes, to, number, sequence);
            ring.offerReadable(id, frontEnd.headerBytes() + frameBytes);
        }
        frontEnd.showTransmit();
        sent.add(n);
        return n;
    }

    private int listen() {
        DriverRing ring = frontEnd.receiveRing();
        int n = 0;
        while (n < ring.size() && ring.next()) {
            int id = ring.usedId();
            check(ring, ring.bufferOffset(id) + frontEnd.headerBytes(), ring.usedLength() - frontEnd.headerBytes());
            ring.offer(id);
            n++;
        }
        if (n > 0) {
            frontEnd.showReceive();
            received.add(n);
        }
        return n;
    }

    private void check(DriverRing ring, long at, int length) {
        if (!DemoFrame.isIntact(ring.buffers(), at, length, guests)) {
            damaged.increment();
            return;
        }
        int sender = DemoFrame.sender(ring.buffers(), at);
        long sequence = DemoFrame.sequence(ring.buffers(), at);
        if (sender >= guests || sequence <= lastSequence[sender]) {
            outOfOrder.increment();
        } else {
            lastSequence[sender] = sequence;
        }
    }
}
