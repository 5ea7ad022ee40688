package io.patchbay.core.port;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A port with a gate that the operator can close: its administrative state.
 *
 * <p>While the gate is closed the workers see nothing of the port, whatever it publishes. What its peer sends stays where the peer has put it. What
 * was learnt on the port is forgotten, so frames for it go where frames to an unknown address go; they are counted and dropped if that is nowhere.
 */
public final class GatedPort implements Port {

    private final Port port;
    private final Object turn = new Object();
    private volatile Optional<Gate> gate = Optional.empty();
    private volatile State state;

    private enum State {
        OPEN(""),
        CLOSED_FROM_THE_START("admin down: disabled in the configuration"),
        CLOSED("admin down: set by the operator");

        private final String reason;

        State(String reason) {
            this.reason = reason;
        }
    }

    /** @param enabled whether the gate is open from the start */
    public GatedPort(Port port, boolean enabled) {
        this.port = port;
        this.state = enabled ? State.OPEN : State.CLOSED_FROM_THE_START;
    }

    /** The port behind the gate. */
    public Port port() {
        return port;
    }

    public boolean isEnabled() {
        return state == State.OPEN;
    }

    @Override
    public void start(PortContext context) throws PortException {
        synchronized (turn) {
            Gate made = new Gate(context, isEnabled());
            if (!isEnabled()) {
                port.setEnabled(false);
            }
            port.start(made);
            gate = Optional.of(made);
        }
    }

    /**
     * Opens or closes the gate. When this returns from closing it, no worker uses the port any more.
     *
     * @throws PortException if the port could not do its part; the gate is as asked for nevertheless
     */
    @Override
    public void setEnabled(boolean enabled) throws PortException {
        synchronized (turn) {
            if (enabled == isEnabled()) {
                return;
            }
            if (enabled) {
                state = State.OPEN;
                gate.ifPresent(Gate::open);
            } else {
                state = State.CLOSED;
                gate.ifPresent(Gate::close);
            }
            try {
                port.setEnabled(enabled);
            } finally {
                gate.ifPresent(Gate::statusChanged);
            }
        }
    }

    @Override
    public PortStatus status() {
        State now = state;
        return now == State.OPEN ? port.status() : PortStatus.down(now.reason);
    }

    @Override
    public Record details() {
        return port.details();
    }

    @Override
    public boolean memoryIntact() {
        return port.memoryIntact();
    }

    @Override
    public long memoryChangedMillis() {
        return port.memoryChangedMillis();
    }

    @Override
    public void fault(Throwable cause) {
        port.fault(cause);
    }

    @Override
    public void close() {
        port.close();
    }

    /** The switch, as the port behind the gate sees it. Its lock is held while the switch is told, never while the port is. */
    private static final class Gate implements PortContext {

        private final PortContext outside;
        private boolean open;
        private PortQueues offered = PortQueues.NONE;

        Gate(PortContext outside, boolean open) {
            this.outside = outside;
            this.open = open;
        }

        synchronized void open() {
            open = true;
            outside.publish(offered);
        }

        synchronized void close() {
            open = false;
            outside.publish(PortQueues.NONE);
            outside.forgetAddresses();
        }

        @Override
        public synchronized void publish(PortQueues queues) {
            offered = queues;
            outside.publish(open ? queues : PortQueues.NONE);
        }

        @Override
        public synchronized boolean inject(byte[] frame) {
            if (open) {
                return outside.inject(frame);
            }
            // Nobody else counts: what the port has published, no worker has.
            QueueCounters counters = outside.counters().receive(0);
            counters.add(QueueCounters.Count.FRAMES, 1);
            counters.add(QueueCounters.Count.BYTES, frame.length);
            counters.drop(DropReason.PORT_DOWN, 1);
            return true;
        }

        @Override
        public synchronized boolean send(byte[] frame) {
            return open && outside.send(frame);
        }

        @Override
        public long[] addressesElsewhere() {
            return outside.addressesElsewhere();
        }

        @Override
        public void forgetAddresses() {
            outside.forgetAddresses();
        }

        @Override
        public void statusChanged() {
            outside.statusChanged();
        }

        @Override
        public String name() {
            return outside.name();
        }

        @Override
        public PortCounters counters() {
            return outside.counters();
        }

        @Override
        public int workers() {
            return outside.workers();
        }

        @Override
        public boolean mayUseIoUring() {
            return outside.mayUseIoUring();
        }

        @Override
        public Optional<Path> stateFile() {
            return outside.stateFile();
        }
    }
}
