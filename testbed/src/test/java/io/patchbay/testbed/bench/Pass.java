package io.patchbay.testbed.bench;

import io.patchbay.core.forward.Forwarder;
import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.forward.Routes;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.vhost.frontend.QueuePair;

/** What a worker does with a burst of a guest's, for one receiver, each step timed; and what the guests do before. A worker's own things are its own. */
final class Pass implements AutoCloseable {

    private static final int BYTES = 64;

    private final int number;
    private final BarePort sender;
    private final int receiverNumber;
    private final BarePort receiver;
    private final Forwarder forwarder;
    private final Routes routes = new Routes(1);
    private final Burst burst = new Burst();
    private final QueueCounters counters;
    private final Reader reader = new Reader();
    private final int[] nowhere = {};

    private long start;
    private long tookIn;
    private long delivered;
    private long gaveBack;

    /** @param number of the sender's port */
    Pass(int number, BarePort sender, int receiverNumber, BarePort receiver, MacTable macs) {
        this.number = number;
        this.sender = sender;
        this.receiverNumber = receiverNumber;
        this.receiver = receiver;
        this.forwarder = new Forwarder(macs);
        this.counters = sender.counters().receive(0);
        routes.resize(receiverNumber + 1);
    }

    /** The sending guest shows frames. */
    void send(int frames) {
        QueuePair guest = sender.guest();
        guest.reclaim();
        for (int i = 0; i < frames; i++) {
            Datagram.put(guest, BYTES, Traffic.address(receiverNumber), Traffic.address(number), 0);
        }
        guest.showTransmit();
    }

    /** The receiving guest looks at frames, and gives their buffers back. */
    void receive(int frames) {
        if (reader.takeAll(receiver.guest()) != frames) {
            throw new IllegalStateException("a frame did not come");
        }
    }

    /** A worker's turn. */
    void run() {
        burst.clear();
        routes.clear();
        start = System.nanoTime();
        sender.queue().poll(burst, Burst.CAPACITY);
        forwarder.route(burst, number, nowhere, IngressPolicy.OPEN, routes, counters);
        tookIn = System.nanoTime();
        receiver.transmitter().transmit(burst, routes.frames(receiverNumber), routes.count(receiverNumber));
        delivered = System.nanoTime();
        sender.queue().release();
        gaveBack = System.nanoTime();
    }

    long takeInNanos() {
        return tookIn - start;
    }

    long deliverNanos() {
        return delivered - tookIn;
    }

    long giveBackNanos() {
        return gaveBack - delivered;
    }

    @Override
    public void close() {
        sender.close();
    }
}
