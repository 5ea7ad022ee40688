package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.QuietPort;
import io.patchbay.core.port.QuietQueue;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A queue belongs to one worker at a time, whatever its port offers besides. */
@Timeout(60)
class QueueOwnershipTest {

    private static final WorkerSettings SETTINGS = new WorkerSettings(
            new IdlePolicy.Adaptive(Duration.ofNanos(1000)),
            OptionalInt.empty(),
            WorkerSettings.DEFAULT_FRAME_BUDGET,
            WorkerSettings.DEFAULT_BYTE_BUDGET);

    private static final class Nothing extends QuietPort {}

    /** Has nothing to give, and notices how many are in it at once; whoever is in it can be kept there. */
    private static final class Watched implements QuietQueue {

        private final QueueCounters counters = new QueueCounters();
        private final AtomicInteger inside = new AtomicInteger();
        private final CountDownLatch entered = new CountDownLatch(1);
        private final CountDownLatch second = new CountDownLatch(1);
        private volatile boolean keeps;

        @Override
        public int poll(Burst burst, int limit) {
            if (inside.incrementAndGet() > 1) {
                second.countDown();
            }
            if (keeps) {
                entered.countDown();
                awaitSecond();
            }
            inside.decrementAndGet();
            return 0;
        }

        /** Nobody comes if all is well, so whoever is kept goes after a while. */
        boolean awaitSecond() {
            try {
                return second.await(500, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public QueueCounters counters() {
            return counters;
        }
    }

    @Test
    void aQueueThatGetsAnotherPlaceIsLetGoOfBeforeAnotherWorkerHasIt() throws Exception {
        Watched first = new Watched();
        Watched second = new Watched();
        try (Switchboard board = Switchboard.start(
                        Collections.nCopies(2, SETTINGS), Waiters.AUTO.factory(), new MacTable(100, 300));
                Switchboard.Attachment port = board.attach("guest", new Nothing(), new PortCounters())) {
            port.publish(new PortQueues(List.of(first, second), Optional.empty()));
            second.keeps = true;
            assertThat(second.entered.await(5, TimeUnit.SECONDS)).isTrue();
            port.publish(new PortQueues(List.of(second), Optional.empty()));
            assertThat(second.second.getCount())
                    .as("1 if no second worker came")
                    .isEqualTo(1);
        }
    }
}
