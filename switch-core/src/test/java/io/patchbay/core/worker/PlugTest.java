package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.QuietPort;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PlugTest {

    private static final int TIMES = 5_000_000;

    private static final class Guest extends QuietPort {}

    private static Plug plug(PortCounters counters) {
        return new Plug(0, new Guest(), counters, IngressPolicy.OPEN, List.of(), Optional.empty());
    }

    /** A port that goes: one worker has heard of it, one knows another of its publications yet, and one still sends. */
    @Test
    void whatIsLostOnItsWayToAPortIsCountedWhateverOthersCountThere() throws Exception {
        PortCounters counters = new PortCounters();
        Plug before = plug(counters);
        Plug now = plug(counters);
        List<Thread> workers = new ArrayList<>();
        for (Runnable work : List.<Runnable>of(
                () -> before.lost(1),
                () -> now.lost(1),
                () -> counters.transmit(0).drop(DropReason.PORT_DOWN, 1))) {
            workers.add(Thread.ofPlatform().start(() -> {
                for (int i = 0; i < TIMES; i++) {
                    work.run();
                }
            }));
        }
        for (Thread worker : workers) {
            worker.join();
        }
        assertThat(counters.transmit(0).dropped(DropReason.PORT_DOWN)).isEqualTo(3L * TIMES);
        assertThat(counters.transmit(0).dropped()).isEqualTo(3L * TIMES);
    }
}
