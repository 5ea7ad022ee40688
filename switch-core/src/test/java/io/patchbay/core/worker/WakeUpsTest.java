package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.QuietPort;
import io.patchbay.core.port.QuietQueue;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WakeUpsTest {

    private static final int BELL = 99;

    private final WakeUps wakeUps = new WakeUps();

    private static Inlet ringing(int descriptor) {
        PortCounters counters = new PortCounters();
        QuietQueue queue = new QuietQueue() {
            @Override
            public int poll(Burst burst, int limit) {
                return 0;
            }

            @Override
            public int wakeDescriptor() {
                return descriptor;
            }

            @Override
            public QueueCounters counters() {
                return counters.receive(0);
            }
        };
        Plug plug = new Plug(0, new QuietPort() {}, counters, IngressPolicy.OPEN, List.of(queue), Optional.empty());
        return new Inlet(plug, queue, counters.receive(0));
    }

    @Test
    void aQueueThatRingsIsKnownByItsPlace() {
        wakeUps.adopt(List.of(ringing(10), ringing(20)));
        assertThat(wakeUps.note(20)).isEqualTo(1);
        assertThat(wakeUps.note(10)).isZero();
    }

    @Test
    void whatRangIsRememberedUntilItIsForgotten() {
        Inlet inlet = ringing(10);
        wakeUps.adopt(List.of(inlet, ringing(20)));
        wakeUps.note(10);
        assertThat(wakeUps.queues()).containsExactly(inlet);
        wakeUps.forget();
        assertThat(wakeUps.queues()).isEmpty();
    }

    @Test
    void aBellIsNoQueue() {
        wakeUps.adopt(List.of(ringing(10)));
        assertThat(wakeUps.note(BELL)).isEqualTo(WakeUps.NO_QUEUE);
        assertThat(wakeUps.queues()).isEmpty();
    }

    @Test
    void queuesThatAreServedNoMoreAreForgotten() {
        wakeUps.adopt(List.of(ringing(10)));
        wakeUps.note(10);
        wakeUps.adopt(List.of(ringing(20)));
        assertThat(wakeUps.queues()).isEmpty();
        assertThat(wakeUps.note(10)).isEqualTo(WakeUps.NO_QUEUE);
    }
}
