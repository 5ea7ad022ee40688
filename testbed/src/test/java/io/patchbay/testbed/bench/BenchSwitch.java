package io.patchbay.testbed.bench;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortException;
import io.patchbay.core.worker.IdlePolicy;
import io.patchbay.core.worker.Switchboard;
import io.patchbay.core.worker.Waiters;
import io.patchbay.core.worker.WorkerCounters;
import io.patchbay.core.worker.WorkerSettings;
import io.patchbay.vhost.net.VhostPortProvider;
import io.patchbay.vhost.net.VhostSettings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** A switch with vhost-user ports whose worker, filtering database and counters can be looked at. It has no clock: who uses it ages its table. */
final class BenchSwitch implements AutoCloseable {

    /** Longer than the guests take between two rounds, and short enough for another switch to have the processor soon. */
    static final IdlePolicy SLEEPS_BETWEEN_BLOCKS = new IdlePolicy.Adaptive(Duration.ofMillis(20));

    private final Path directory;
    private final Switchboard board;
    private final MacTable macs;
    private final List<Port> ports = new ArrayList<>();
    private final List<PortCounters> counters = new ArrayList<>();

    private BenchSwitch(Path directory, Switchboard board, MacTable macs) {
        this.directory = directory;
        this.board = board;
        this.macs = macs;
    }

    /** @param processors one per worker, or none for one worker that is free to move */
    static BenchSwitch start(int ports, MacTable macs, IdlePolicy idle, int... processors)
            throws IOException, PortException, InterruptedException {
        List<OptionalInt> cpus = processors.length == 0
                ? List.of(OptionalInt.empty())
                : IntStream.of(processors).mapToObj(OptionalInt::of).toList();
        List<WorkerSettings> workers = cpus.stream()
                .map(cpu -> new WorkerSettings(
                        idle, cpu, WorkerSettings.DEFAULT_FRAME_BUDGET, WorkerSettings.DEFAULT_BYTE_BUDGET))
                .toList();
        BenchSwitch made = new BenchSwitch(
                Files.createTempDirectory("patchbay"), Switchboard.start(workers, Waiters.AUTO.factory(), macs), macs);
        VhostPortProvider provider = new VhostPortProvider();
        for (int i = 0; i < ports; i++) {
            Port port = provider.create("vm" + i, VhostSettings.at(made.socket(i)));
            PortCounters counted = new PortCounters();
            port.start(made.board.attach("vm" + i, port, counted));
            made.ports.add(port);
            made.counters.add(counted);
        }
        return made;
    }

    String socket(int port) {
        return directory.resolve("vm" + port + ".sock").toString();
    }

    MacTable macs() {
        return macs;
    }

    WorkerCounters worker(int number) {
        return board.workers().get(number).counters();
    }

    /** Frames dropped by all queues so far. */
    long dropped() {
        long sum = 0;
        for (PortCounters port : counters) {
            sum += port.receive().stream().mapToLong(queue -> queue.dropped()).sum();
            sum += port.transmit().stream().mapToLong(queue -> queue.dropped()).sum();
        }
        return sum;
    }

    @Override
    public void close() throws IOException {
        ports.forEach(Port::close);
        board.close();
        Files.deleteIfExists(directory);
    }
}
