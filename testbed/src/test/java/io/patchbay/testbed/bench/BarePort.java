package io.patchbay.testbed.bench;

import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.Transmitter;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.frontend.QueuePair;
import io.patchbay.vhost.net.VhostPortProvider;
import io.patchbay.vhost.net.VhostSettings;
import java.io.IOException;
import java.nio.file.Path;

/** A vhost-user port that is not plugged into a switch, and its guest: whoever wants to serves its queues, in a worker's place. */
final class BarePort implements AutoCloseable {

    private final Port port;
    private final Offered offered;
    private final FrontEnd guest;

    private BarePort(Port port, Offered offered, FrontEnd guest) {
        this.port = port;
        this.offered = offered;
        this.guest = guest;
    }

    static BarePort start(Path directory, String name, FrontEndSettings settings, int longestFrame)
            throws IOException, PortException {
        String socket = directory.resolve(name + ".sock").toString();
        Port port = new VhostPortProvider().create(name, VhostSettings.at(socket));
        Offered offered = new Offered(name);
        port.start(offered);
        return new BarePort(port, offered, FrontEnd.connect(socket, settings, longestFrame));
    }

    /** What the guest sends from its only queue pair. */
    ReceiveQueue queue() {
        return offered.queues.receive().getFirst();
    }

    Transmitter transmitter() {
        return offered.queues.transmitter().orElseThrow();
    }

    PortCounters counters() {
        return offered.counters;
    }

    QueuePair guest() {
        return guest.pair(0);
    }

    @Override
    public void close() {
        guest.close();
        port.close();
    }

    /** What the port offers; no worker has it, so that it may be replaced at once. */
    private static final class Offered implements PortContext {

        private final String name;
        private final PortCounters counters = new PortCounters();
        private volatile PortQueues queues = PortQueues.NONE;

        private Offered(String name) {
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public PortCounters counters() {
            return counters;
        }

        @Override
        public void publish(PortQueues next) {
            queues = next;
        }

        @Override
        public void forgetAddresses() {
            // nothing is learnt
        }

        @Override
        public boolean inject(byte[] frame) {
            return false;
        }
    }
}
