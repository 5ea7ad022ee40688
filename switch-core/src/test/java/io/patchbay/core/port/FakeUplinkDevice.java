package io.patchbay.core.port;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/** A device that is as the test says. */
final class FakeUplinkDevice implements UplinkDevice {

    static final NetDevice.Link UP = link(true, true);

    static NetDevice.Link link(boolean up, boolean carrier) {
        return new NetDevice.Link(7, NetDevice.ARPHRD_ETHER, new byte[] {2, 0, 0, 0, 0, 1}, 1500, up, carrier);
    }

    volatile Optional<NetDevice.Link> link = Optional.of(UP);
    volatile boolean there = true;
    volatile boolean blind;
    volatile boolean hasCable;
    volatile boolean cable = true;
    volatile Optional<String> refusal = Optional.empty();
    volatile Runnable trouble = () -> {};
    final AtomicInteger attached = new AtomicInteger();
    final AtomicInteger released = new AtomicInteger();
    final PortQueues queues = new PortQueues(List.of(new Silence()), Optional.of((burst, frames, count) -> {}));

    @Override
    public String describe() {
        return "device fake0";
    }

    @Override
    public Optional<String> namespace() {
        return Optional.empty();
    }

    @Override
    public Optional<NetDevice.Link> look() {
        if (blind) {
            throw new LinuxException("socket", "AF_INET", Errno.EMFILE);
        }
        return link;
    }

    @Override
    public Attachment attach(PortContext context, boolean enabled, Runnable whenTrouble) throws PortException {
        if (refusal.isPresent()) {
            throw new PortException(refusal.get());
        }
        there = true;
        trouble = whenTrouble;
        attached.incrementAndGet();
        return new Attachment() {

            @Override
            public PortQueues queues() {
                return enabled ? queues : PortQueues.NONE;
            }

            @Override
            public boolean setEnabled(boolean wanted) {
                cable = !hasCable || wanted;
                return hasCable;
            }

            @Override
            public boolean isThere() {
                return there;
            }

            @Override
            public void close() {
                released.incrementAndGet();
            }
        };
    }

    /** What is offered of it while it has no link. */
    PortQueues withoutTransmitter() {
        return new PortQueues(queues.receive(), Optional.empty());
    }

    void goAway() {
        link = Optional.empty();
        there = false;
        trouble.run();
    }

    void comeBack() {
        link = Optional.of(UP);
        trouble.run();
    }

    /** Nothing comes from it. */
    private static final class Silence implements QuietQueue {

        private final QueueCounters counters = new QueueCounters();

        @Override
        public int poll(Burst burst, int limit) {
            return 0;
        }

        @Override
        public QueueCounters counters() {
            return counters;
        }
    }
}
