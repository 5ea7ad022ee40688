package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.QuietPort;
import io.patchbay.core.port.QuietQueue;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A worker that dies, of a defect that no test has found. */
@Timeout(60)
class WorkerDeathTest {

    private static final class Nothing extends QuietPort {}

    /** Breaks what every queue promises, at a place where nothing of a guest can be the reason. */
    private static final class Defect implements QuietQueue {

        private final QueueCounters counters = new QueueCounters();

        @Override
        public int wakeDescriptor() {
            throw new IllegalStateException("broken on purpose");
        }

        @Override
        public int poll(Burst burst, int limit) {
            return 0;
        }

        @Override
        public QueueCounters counters() {
            return counters;
        }
    }

    @Test
    void theSwitchSaysSoAndNobodyWaitsForTheWorker() throws Exception {
        WorkerSettings settings = new WorkerSettings(
                new IdlePolicy.Sleepy(),
                OptionalInt.empty(),
                WorkerSettings.DEFAULT_FRAME_BUDGET,
                WorkerSettings.DEFAULT_BYTE_BUDGET);
        try (Switchboard board = Switchboard.start(List.of(settings), Waiters.AUTO.factory(), new MacTable(100, 300));
                Switchboard.Attachment port = board.attach("broken", new Nothing(), new PortCounters())) {
            port.publish(new PortQueues(List.of(new Defect()), Optional.empty()));
            assertThat(board.death().get(10, TimeUnit.SECONDS)).hasMessage("broken on purpose");
        }
    }
}
