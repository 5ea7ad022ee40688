package io.patchbay.core.port.pair;

import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortQueues;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** The switch, as far as a pair sees it. */
final class FakeSwitch implements PortContext {

    final PortCounters counters = new PortCounters();
    final List<PortQueues> published = new CopyOnWriteArrayList<>();
    final List<byte[]> sent = new CopyOnWriteArrayList<>();
    final AtomicInteger forgotten = new AtomicInteger();
    volatile long[] elsewhere = {};
    volatile int room = Integer.MAX_VALUE;

    @Override
    public String name() {
        return "up";
    }

    @Override
    public PortCounters counters() {
        return counters;
    }

    @Override
    public void publish(PortQueues queues) {
        published.add(queues);
    }

    @Override
    public void forgetAddresses() {
        forgotten.incrementAndGet();
    }

    @Override
    public boolean inject(byte[] frame) {
        throw new AssertionError("a pair injects nothing");
    }

    @Override
    public boolean send(byte[] frame) {
        if (sent.size() >= room) {
            return false;
        }
        sent.add(frame);
        return true;
    }

    @Override
    public long[] addressesElsewhere() {
        return elsewhere.clone();
    }
}
