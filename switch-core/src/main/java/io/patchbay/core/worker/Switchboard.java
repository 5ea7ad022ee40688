package io.patchbay.core.worker;

import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.Transmitter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The switch: workers, the filtering database, and the ports plugged into it.
 *
 * <p>All methods may be called from any thread but a worker's. Changes are made one at a time; each is a new {@link Topology}, and is
 * complete when every worker has adopted it.
 */
public final class Switchboard implements AutoCloseable {

    /** Most ports at one time. */
    public static final int MAX_PORTS = 4096;

    private static final Logger LOG = LoggerFactory.getLogger(Switchboard.class);
    private static final long ADOPTION_POLL_NANOS = 20_000;

    private final MacTable macs;
    private final List<Worker> workers;
    private final List<Thread> threads;
    private final ExecutorService faults = Executors.newSingleThreadExecutor(
            Thread.ofPlatform().name("faults").daemon().factory());
    private final CompletableFuture<Throwable> death = new CompletableFuture<>();
    private final List<String> waiterKinds = new ArrayList<>();
    private volatile Topology topology = Topology.EMPTY;

    /** One worker as operators see it: its number, where it sleeps, and what it did. */
    public record WorkerView(int number, String waiter, WorkerCounters counters, QueueCounters injected) {}

    private Switchboard(List<WorkerSettings> settings, WaiterFactory waiters, MacTable macs) {
        this.macs = macs;
        this.workers = IntStream.range(0, settings.size())
                .mapToObj(i -> new Worker(
                        i, settings.size(), settings.get(i), waiters, macs, () -> topology, this::portFailed))
                .toList();
        this.threads = workers.stream()
                .map(worker -> Thread.ofPlatform()
                        .name("worker-" + worker.number())
                        .daemon()
                        .uncaughtExceptionHandler((_, cause) -> death.complete(cause))
                        .start(worker))
                .toList();
    }

    /**
     * Starts the workers.
     *
     * @param settings one per worker, at least one
     * @throws IllegalStateException if a worker cannot start, for instance because its processor does not exist
     */
    public static Switchboard start(List<WorkerSettings> settings, WaiterFactory waiters, MacTable macs)
            throws InterruptedException {
        Switchboard board = new Switchboard(settings, waiters, macs);
        try {
            for (Worker worker : board.workers) {
                board.waiterKinds.add(worker.awaitReady());
            }
            return board;
        } catch (IllegalStateException e) {
            board.close();
            throw e;
        }
    }

    /** Completed when a worker has died of a defect of ours: nobody serves its queues any more, so that the switch is best started anew. */
    public CompletableFuture<Throwable> death() {
        return death.copy();
    }

    public MacTable macs() {
        return macs;
    }

    public List<WorkerView> workers() {
        return workers.stream()
                .map(worker -> new WorkerView(
                        worker.number(), waiterKinds.get(worker.number()), worker.counters(), worker.injected()))
                .toList();
    }

    /**
     * Gives a port its place in the switch. It takes part once it publishes queues.
     *
     * @param counters the port's counters, kept by the caller as long as it wants to read them
     * @throws IllegalStateException if there are {@link #MAX_PORTS} ports already
     */
    public Attachment attach(String name, Port port, PortCounters counters) {
        return attach(name, port, counters, IngressPolicy.OPEN, Optional.empty());
    }

    /** The same for a port that may not send everything, and one that may keep something over restarts, in that file. */
    public Attachment attach(
            String name, Port port, PortCounters counters, IngressPolicy policy, Optional<Path> stateFile) {
        synchronized (workers) {
            int index = topology.firstFree();
            if (index >= MAX_PORTS) {
                throw new IllegalStateException("the switch has " + MAX_PORTS + " ports already");
            }
            Attachment made = new Attachment(name, index, port, counters, policy, stateFile);
            made.offer(List.of(), Optional.empty());
            return made;
        }
    }

    /** Stops the workers. Ports should be closed before. */
    @Override
    public void close() {
        workers.forEach(Worker::stop);
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException _) {
                    interrupted = true; // the workers stop by themselves; finish waiting, then pass it on
                }
            }
        }
        faults.shutdown();
        try {
            if (!faults.awaitTermination(5, TimeUnit.SECONDS)) {
                LOG.warn("a failed port is still busy closing");
            }
        } catch (InterruptedException _) {
            interrupted = true;
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Publishes a topology and waits until every worker has adopted it. */
    private void replace(Topology next) {
        topology = next;
        workers.forEach(Worker::wakeUp);
        for (Worker worker : workers) {
            for (int tries = 0; worker.adopted() < next.generation(); tries++) {
                if (tries < 100) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.parkNanos(ADOPTION_POLL_NANOS);
                }
            }
        }
    }

    private void portFailed(Plug plug, Throwable cause) {
        faults.execute(() -> plug.port().fault(cause));
    }

    /** A port's place in the switch. */
    public final class Attachment implements PortContext, AutoCloseable {

        private final String name;
        private final int index;
        private final Port port;
        private final PortCounters counters;
        private final IngressPolicy policy;
        private final Optional<Path> stateFile;
        private final Injector injector;
        private boolean attached = true;

        private Attachment(
                String name,
                int index,
                Port port,
                PortCounters counters,
                IngressPolicy policy,
                Optional<Path> stateFile) {
            this.name = name;
            this.index = index;
            this.port = port;
            this.counters = counters;
            this.policy = policy;
            this.stateFile = stateFile;
            this.injector = new Injector(index, workers.get(index % workers.size()));
        }

        @Override
        public Optional<Path> stateFile() {
            return stateFile;
        }

        @Override
        public String name() {
            return name;
        }

        /** The number by which the filtering database knows the port. */
        public int index() {
            return index;
        }

        @Override
        public PortCounters counters() {
            return counters;
        }

        @Override
        public int workers() {
            return workers.size();
        }

        @Override
        public boolean mayUseIoUring() {
            return waiterKinds.stream().allMatch(IoUringWaiter.KIND::equals);
        }

        @Override
        public void publish(PortQueues queues) {
            synchronized (workers) {
                if (!attached) {
                    throw new IllegalStateException("port " + name + " was removed from the switch");
                }
                if (topology.handsOver(index, queues.receive(), workers.size())) {
                    offer(List.of(), queues.transmitter());
                }
                offer(queues.receive(), queues.transmitter());
            }
        }

        @Override
        public void forgetAddresses() {
            synchronized (workers) {
                if (attached) {
                    if (injector.endLife()) {
                        replace(topology.next()); // nothing is learnt any more from what was injected before
                    }
                    macs.flushPort(index);
                }
            }
        }

        @Override
        public long[] addressesElsewhere() {
            return macs.entries()
                    .filter(entry -> entry.port() != index)
                    .sorted(Comparator.comparingInt(MacTable.Entry::ageSeconds))
                    .mapToLong(MacTable.Entry::address)
                    .toArray();
        }

        @Override
        public boolean inject(byte[] frame) {
            return hand(frame, false);
        }

        @Override
        public boolean send(byte[] frame) {
            return hand(frame, true);
        }

        private boolean hand(byte[] frame, boolean outward) {
            synchronized (workers) {
                return attached && injector.hand(frame, outward);
            }
        }

        /** Takes the port out of the switch; its index may be given to another. Idempotent. */
        @Override
        public void close() {
            synchronized (workers) {
                if (attached) {
                    attached = false;
                    injector.endLife();
                    // In this order, so that no worker ever looks up an address and finds a port that is gone: first
                    // nothing can be learnt here any more, then nothing is known here any more, then the index is free.
                    offer(List.of(), Optional.empty());
                    macs.flushPort(index);
                    replace(topology.next(index, Optional.empty()));
                }
            }
        }

        private void offer(List<ReceiveQueue> receive, Optional<Transmitter> transmitter) {
            Plug plug = new Plug(index, port, counters, policy, receive, transmitter);
            replace(topology.next(index, Optional.of(plug)));
        }
    }
}
