package io.patchbay.testbed.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.MacTable;
import io.patchbay.testbed.bench.Traffic.Pattern;
import io.patchbay.testbed.bench.Traffic.Shape;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * A worker that forwards makes no garbage, once its code has been compiled by the last compiler. When that will be nobody knows, so half a million
 * frames are forwarded again and again until next to nothing was allocated meanwhile. What is allocated per frame, or per burst, never comes to that.
 */
@Timeout(240)
class AllocationTest {

    private static final long FRAMES = 500_000;
    private static final int MOST_ROUNDS = 60;

    /** What a worker on a busy machine makes when it falls asleep, twice. An object each time a 16-bit index of a split virtqueue begins anew is more. */
    private static final long NEXT_TO_NOTHING = 128;

    private final com.sun.management.ThreadMXBean threads =
            (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();

    @ParameterizedTest(name = "{3}, {0} ports, {1} addresses, {2} bytes")
    @CsvSource({"2, 2, 64, SPLIT", "2, 2, 64, PACKED", "2, 2, 64, PACKED_IN_ORDER", "8, 4096, 1500, SPLIT"})
    void aWorkerThatForwardsMakesNoGarbage(int ports, int macs, int bytes, Driver driver) throws Exception {
        Shape shape = new Shape(ports, macs, bytes, Pattern.UNIFORM);
        try (OwnSwitch started = OwnSwitch.start(shape, driver.settings().features(), new MacTable(8192, 300))) {
            Traffic traffic = started.guests();
            long worker = newestWorker();
            List<Long> allocated = new ArrayList<>();
            do {
                long before = threads.getThreadAllocatedBytes(worker);
                forward(traffic);
                allocated.add(threads.getThreadAllocatedBytes(worker) - before);
            } while (allocated.getLast() > NEXT_TO_NOTHING && allocated.size() < MOST_ROUNDS);
            assertThat(traffic.lost()).isZero();
            assertThat(allocated.getLast())
                    .as("bytes allocated, round by round: %s", allocated)
                    .isLessThanOrEqualTo(NEXT_TO_NOTHING);
        }
    }

    private static void forward(Traffic traffic) {
        for (long done = 0; done < FRAMES; done += 64L * traffic.ports()) {
            traffic.round(64);
        }
    }

    private static long newestWorker() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().equals("worker-0"))
                .map(Thread::threadId)
                .max(Comparator.naturalOrder())
                .orElseThrow();
    }
}
