package io.patchbay.core.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.port.QueueCounters.Count;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GatedPortTest {

    private static final PortQueues QUEUES = new PortQueues(List.of(), Optional.of((burst, frames, count) -> {}));
    private static final PortQueues OTHERS = new PortQueues(List.of(), Optional.of((burst, frames, count) -> {}));

    /** Notes what happens on both sides of the gate, in order. */
    private final List<String> events = new ArrayList<>();

    private final PortCounters counters = new PortCounters();
    private Optional<PortContext> inside = Optional.empty();
    private boolean refusing;

    private final Port port = new QuietPort() {

        @Override
        public void start(PortContext context) {
            events.add("started");
            inside = Optional.of(context);
        }

        @Override
        public void setEnabled(boolean enabled) throws PortException {
            events.add(enabled ? "opened" : "shut");
            if (refusing) {
                throw new PortException("the cable is stuck");
            }
        }

        @Override
        public PortStatus status() {
            return PortStatus.up("fine");
        }
    };

    private final PortContext context = new PortContext() {

        @Override
        public String name() {
            return "vm1";
        }

        @Override
        public PortCounters counters() {
            return counters;
        }

        @Override
        public void publish(PortQueues queues) {
            events.add(queues.equals(QUEUES) ? "queues" : queues.equals(OTHERS) ? "others" : "none");
        }

        @Override
        public void forgetAddresses() {
            events.add("forgotten");
        }

        @Override
        public void statusChanged() {
            events.add("status");
        }

        @Override
        public boolean inject(byte[] frame) {
            events.add("injected");
            return true;
        }

        @Override
        public boolean send(byte[] frame) {
            events.add("sent");
            return true;
        }
    };

    private GatedPort started(boolean enabled) throws PortException {
        GatedPort gated = new GatedPort(port, enabled);
        gated.start(context);
        inside.orElseThrow().publish(QUEUES);
        return gated;
    }

    @Test
    void whatAnOpenPortPublishesIsSeen() throws PortException {
        GatedPort gated = started(true);
        assertThat(events).containsExactly("started", "queues");
        assertThat(gated.status()).isEqualTo(PortStatus.up("fine"));
    }

    @Test
    void aPortThatIsShutIsTakenFromTheWorkersForgottenAndTold() throws PortException {
        GatedPort gated = started(true);
        events.clear();
        gated.setEnabled(false);
        assertThat(events).containsExactly("none", "forgotten", "shut", "status");
        assertThat(gated.status()).isEqualTo(PortStatus.down("admin down: set by the operator"));
    }

    @Test
    void aPortThatIsOpenedAgainComesWithWhatItHasPublishedLast() throws PortException {
        GatedPort gated = started(true);
        gated.setEnabled(false);
        events.clear();
        inside.orElseThrow().publish(OTHERS);
        gated.setEnabled(true);
        assertThat(events).containsExactly("none", "others", "opened", "status");
        assertThat(gated.status().up()).isTrue();
    }

    @Test
    void aPortThatIsNotEnabledStartsShut() throws PortException {
        GatedPort gated = started(false);
        assertThat(events).containsExactly("shut", "started", "none");
        assertThat(gated.status()).isEqualTo(PortStatus.down("admin down: disabled in the configuration"));
    }

    @Test
    void shuttingTwiceIsShuttingOnce() throws PortException {
        GatedPort gated = started(true);
        gated.setEnabled(false);
        events.clear();
        gated.setEnabled(false);
        assertThat(events).isEmpty();
    }

    @Test
    void aMemberIsOpenOnlyWhileItsOwnGateAndThatOfItsPairAre() throws PortException {
        GatedPort gated = started(true);
        events.clear();
        gated.openWithPair(false);
        assertThat(events).containsExactly("none", "forgotten", "shut", "status");
        assertThat(gated.isEnabled()).isTrue();
        assertThat(gated.isOpen()).isFalse();
        events.clear();
        gated.setEnabled(false);
        gated.openWithPair(true);
        assertThat(events).containsExactly("status", "status");
        assertThat(gated.isOpen()).isFalse();
        gated.setEnabled(true);
        assertThat(events).endsWith("queues", "opened", "status");
        assertThat(gated.isOpen()).isTrue();
    }

    @Test
    void aMemberOfAPairThatIsNotEnabledStartsShut() throws PortException {
        GatedPort gated = new GatedPort(port, true);
        gated.openWithPair(false);
        events.clear();
        gated.start(context);
        assertThat(events).containsExactly("shut", "started");
        assertThat(gated.isEnabled()).isTrue();
    }

    @Test
    void anAnnouncementOfAPortThatIsShutIsCountedAsDropped() throws PortException {
        GatedPort gated = started(true);
        gated.setEnabled(false);
        events.clear();
        assertThat(inside.orElseThrow().inject(new byte[60])).isTrue();
        assertThat(events).isEmpty();
        assertThat(counters.receive(0).get(Count.FRAMES)).isEqualTo(1);
        assertThat(counters.receive(0).get(Count.BYTES)).isEqualTo(60);
        assertThat(counters.receive(0).dropped(DropReason.PORT_DOWN)).isEqualTo(1);
    }

    @Test
    void nothingIsSentByAPortThatIsShut() throws PortException {
        GatedPort gated = started(true);
        assertThat(inside.orElseThrow().send(new byte[60])).isTrue();
        gated.setEnabled(false);
        events.clear();
        assertThat(inside.orElseThrow().send(new byte[60])).isFalse();
        assertThat(events).isEmpty();
    }

    @Test
    void aPortThatCannotTellItsPeerIsShutNevertheless() throws PortException {
        GatedPort gated = started(true);
        refusing = true;
        assertThatThrownBy(() -> gated.setEnabled(false)).hasMessage("the cable is stuck");
        assertThat(gated.isEnabled()).isFalse();
        assertThat(events).endsWith("none", "forgotten", "shut", "status");
    }
}
