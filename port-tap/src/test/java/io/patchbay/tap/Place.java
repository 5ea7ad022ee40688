package io.patchbay.tap;

import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortQueues;

/** The switch, as far as a port is concerned of which nothing is forwarded. */
class Place implements PortContext {

    private final PortCounters counters = new PortCounters();

    @Override
    public String name() {
        return "tap";
    }

    @Override
    public PortCounters counters() {
        return counters;
    }

    @Override
    public void publish(PortQueues queues) {}

    @Override
    public void forgetAddresses() {}

    @Override
    public boolean inject(byte[] frame) {
        return false;
    }
}
