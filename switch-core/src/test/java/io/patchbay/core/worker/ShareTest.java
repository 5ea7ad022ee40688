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
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;

class ShareTest {

    private static final int FRAMES = 100;
    private static final int BYTES = 10_000;

    private final QueueCounters counters = new QueueCounters();

    private final QuietQueue queue = new QuietQueue() {

        @Override
        public int poll(Burst burst, int limit) {
            return 0;
        }

        @Override
        public QueueCounters counters() {
            return counters;
        }
    };

    private final Share share = new Share(
            new Inlet(
                    new Plug(
                            0,
                            new QuietPort() {},
                            new PortCounters(),
                            IngressPolicy.OPEN,
                            List.of(queue),
                            Optional.empty()),
                    queue,
                    counters),
            new WorkerSettings(new IdlePolicy.Busy(), OptionalInt.empty(), FRAMES, BYTES));

    @Test
    void aShareEndsWithItsFrames() {
        share.took(FRAMES - 1, 0);
        assertThat(share.limit()).isOne();
        share.took(1, 0);
        assertThat(share.limit()).isZero();
    }

    @Test
    void aShareEndsWithItsBytes() {
        share.took(1, BYTES - 1);
        assertThat(share.limit()).isPositive();
        share.took(1, 1);
        assertThat(share.limit()).isZero();
    }

    @Test
    void aShareEndsWithThePiecesOfMemoryThatWereLookedAt() {
        share.charge(Share.EFFORT_BUDGET - 1);
        assertThat(share.limit()).isPositive();
        share.charge(1);
        assertThat(share.limit()).isZero();
    }
}
