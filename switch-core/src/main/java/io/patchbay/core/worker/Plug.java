package io.patchbay.core.worker;

import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.port.HoldingTransmitter;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.Transmitter;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What one port offered at one time, as workers see it: a new object for every publication.
 *
 * <p>It can fail, once: a worker that cannot go on with the port says so, every worker passes it over from then on, and the next
 * publication starts afresh.
 */
final class Plug {

    private final int index;
    private final Port port;
    private final PortCounters counters;
    private final IngressPolicy policy;
    private final List<ReceiveQueue> receive;
    private final Transmitter transmitter;
    private final DownTransmitter down;
    private final Optional<HoldingTransmitter> holding;
    private final boolean holds;
    private final boolean floods;
    private final AtomicBoolean failed = new AtomicBoolean();

    Plug(
            int index,
            Port port,
            PortCounters counters,
            IngressPolicy policy,
            List<ReceiveQueue> receive,
            Optional<Transmitter> transmitter) {
        this.index = index;
        this.port = port;
        this.counters = counters;
        this.policy = policy;
        this.receive = receive;
        this.down = new DownTransmitter(counters.transmit(0));
        this.transmitter = transmitter.orElse(down);
        this.floods = transmitter.isPresent();
        this.holding = transmitter.flatMap(Transmitter::holding);
        this.holds = holding.isPresent();
    }

    int index() {
        return index;
    }

    Port port() {
        return port;
    }

    PortCounters counters() {
        return counters;
    }

    /** What the port may send. */
    IngressPolicy policy() {
        return policy;
    }

    List<ReceiveQueue> receive() {
        return receive;
    }

    /** The way out, which only counts and drops once the port has failed. */
    Transmitter transmitter() {
        return hasFailed() ? down : transmitter;
    }

    /** Counts frames on their way to the port that were lost because it could not be gone on with. */
    void lost(int frames) {
        down.drop(frames);
    }

    /** Whether frames may wait for the port. */
    boolean holds() {
        return holds && !hasFailed();
    }

    /** The way out for frames that may wait, of a port for which they may. */
    HoldingTransmitter holding() {
        return holding.orElseThrow();
    }

    /** Whether the port takes part in floods. */
    boolean floods() {
        return floods;
    }

    boolean hasFailed() {
        return failed.getPlain();
    }

    /** True for the first caller only. */
    boolean fail() {
        return failed.compareAndSet(false, true);
    }
}
