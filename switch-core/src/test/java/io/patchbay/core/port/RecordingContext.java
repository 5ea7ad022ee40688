package io.patchbay.core.port;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/** The switch, as far as an uplink sees it. */
public class RecordingContext implements PortContext {

    private final PortCounters counters = new PortCounters();
    public final List<PortQueues> published = new CopyOnWriteArrayList<>();
    public final AtomicInteger forgotten = new AtomicInteger();
    final AtomicInteger told = new AtomicInteger();

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
    public void statusChanged() {
        told.incrementAndGet();
    }

    @Override
    public boolean inject(byte[] frame) {
        throw new AssertionError("uplinks inject nothing");
    }
}
