package io.patchbay.core.port;

import java.nio.file.Path;
import java.util.Optional;

/**
 * A port with a gate that the operator can close: its administrative state.
 *
 * <p>A member of a pair is behind two: its own, and that of the pair. Each stays as it was set, and both must be open.
 *
 * <p>While a gate is closed the workers see nothing of the port, whatever it publishes. What its peer sends stays where the peer has put it. What
 * was learnt on the port is forgotten, so frames for it go where frames to an unknown address go; they are counted and dropped if that is nowhere.
 */
public final class GatedPort implements Port {

    private final Port port;
    private final Object turn = new Object();
    private volatile Optional<Gate> gate = Optional.empty();
    private volatile State state;
    private volatile boolean openWithPair = true;

    private static final PortStatus SHUT_WITH_PAIR = PortStatus.down("shut with the pair it is a member of");

    /** What was last said of this port itself. */
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

    /** Whether the port itself may carry frames, whatever is said of a pair it is a member of. */
    public boolean isEnabled() {
        return state == State.OPEN;
    }

    /** Whether frames may pass: nothing that is said of the port, or of a pair it is a member of, is against it. */
    public boolean isOpen() {
        return isEnabled() && openWithPair;
    }

    @Override
    public void start(PortContext context) throws PortException {
        synchronized (turn) {
            Gate made = new Gate(context, isOpen());
            if (!isOpen()) {
                port.setEnabled(false);
            }
            port.start(made);
            gate = Optional.of(made);
        }
    }

    /**
     * Opens or closes the port's own gate. When this returns from closing it, no worker uses the port any more.
     *
     * @throws PortException if the port could not do its part; the gate is as asked for nevertheless
     */
    @Override
    public void setEnabled(boolean enabled) throws PortException {
        synchronized (turn) {
            if (enabled != isEnabled()) {
                boolean before = isOpen();
                state = enabled ? State.OPEN : State.CLOSED;
                follow(before);
            }
        }
    }

    /**
     * Opens or closes the gate of the pair that the port is a member of, as {@link #setEnabled} does its own.
     *
     * @throws PortException if the port could not do its part; the gate is as asked for nevertheless
     */
    public void openWithPair(boolean open) throws PortException {
        synchronized (turn) {
            if (open != openWithPair) {
                boolean before = isOpen();
                openWithPair = open;
                follow(before);
            }
        }
    }

    /** Does what is to be done once a gate has been opened or closed: little, if the other is closed. */
    private void follow(boolean before) throws PortException {
        boolean open = isOpen();
        try {
            if (open != before) {
                gate.ifPresent(open ? Gate::open : Gate::close);
                port.setEnabled(open);
            }
        } finally {
            gate.ifPresent(Gate::statusChanged);
        }
    }

    @Override
    public PortStatus status() {
        State now = state;
        if (now != State.OPEN) {
            return PortStatus.down(now.reason);
        }
        return openWithPair ? port.status() : SHUT_WITH_PAIR;
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
