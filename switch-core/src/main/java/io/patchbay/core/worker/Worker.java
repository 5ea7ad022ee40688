package io.patchbay.core.worker;

import static io.patchbay.core.worker.WorkerCounters.Count.BURSTS;
import static io.patchbay.core.worker.WorkerCounters.Count.BUSY_TURNS;
import static io.patchbay.core.worker.WorkerCounters.Count.FAULTS;
import static io.patchbay.core.worker.WorkerCounters.Count.FRAMES;
import static io.patchbay.core.worker.WorkerCounters.Count.IDLE_TURNS;
import static io.patchbay.core.worker.WorkerCounters.Count.SLEEPS;

import io.patchbay.core.forward.Forwarder;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.forward.Routes;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.linux.Affinity;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.ReceiveQueue;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that moves frames: the duty cycle of the package description.
 *
 * <p>Everything here belongs to that thread, except {@link #adopted}, {@link #wakeUp}, {@link #inject} and {@link #stop}.
 */
final class Worker implements Runnable {

    /** How a worker that sleeps with nothing to wake it notices anything that could not ring. */
    private static final long LONGEST_SLEEP_NANOS = 60_000_000_000L;

    /** Told of ports a worker could not go on with. Called on the worker's thread; must not block. */
    interface FaultListener {
        void portFailed(Plug plug, Throwable cause);
    }

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    private final int number;
    private final int workers;
    private final WorkerSettings settings;
    private final WaiterFactory waiters;
    private final Supplier<Topology> newest;
    private final Forwarder forwarder;
    private final FaultListener faults;
    private final WorkerCounters counters = new WorkerCounters();
    private final QueueCounters injected = new QueueCounters();
    private final ConcurrentLinkedQueue<Injection> injections = new ConcurrentLinkedQueue<>();
    private final CountDownLatch ready = new CountDownLatch(1);

    private final Burst burst = new Burst();
    private final Routes routes = new Routes();
    private final InjectionBuffer injectionBuffer = new InjectionBuffer();
    private Topology topology = Topology.EMPTY;
    private Inlet[] inlets = new Inlet[0];
    private Plug[] plugs = new Plug[0];
    private int[] floodPorts = new int[0];
    private int first;

    private volatile long adopted;
    private volatile boolean running = true;
    private volatile Optional<Waiter> waiter = Optional.empty();
    private volatile Optional<Throwable> failure = Optional.empty();

    Worker(
            int number,
            int workers,
            WorkerSettings settings,
            WaiterFactory waiters,
            MacTable macs,
            Supplier<Topology> newest,
            FaultListener faults) {
        this.number = number;
        this.workers = workers;
        this.settings = settings;
        this.waiters = waiters;
        this.newest = newest;
        this.forwarder = new Forwarder(macs);
        this.faults = faults;
    }

    int number() {
        return number;
    }

    WorkerCounters counters() {
        return counters;
    }

    /** Counters of injected frames, which no queue received. */
    QueueCounters injected() {
        return injected;
    }

    /** The generation of the topology in use: nothing of any earlier one will be touched again. */
    long adopted() {
        return adopted;
    }

    void wakeUp() {
        waiter.ifPresent(Waiter::wakeUp);
    }

    void stop() {
        running = false;
        wakeUp();
    }

    void inject(Injection injection) {
        injections.add(injection);
        wakeUp();
    }

    /** Waits until the worker turns, or throws what kept it from starting. */
    String awaitReady() throws InterruptedException {
        ready.await();
        if (failure.isPresent()) {
            throw new IllegalStateException("worker " + number + " did not start", failure.get());
        }
        return waiter.orElseThrow().kind();
    }

    @Override
    public void run() {
        try (Waiter mine = waiters.create(Thread.currentThread())) {
            settings.cpu().ifPresent(Affinity::pinCurrentThread);
            waiter = Optional.of(mine);
            ready.countDown();
            turnUntilStopped(mine);
        } catch (RuntimeException | Error e) {
            failure = Optional.of(e);
            LOG.error("worker {} died", number, e);
            throw e;
        } finally {
            adopted = Long.MAX_VALUE;
            ready.countDown();
        }
    }

    private void turnUntilStopped(Waiter waiter) {
        long spinNanos = settings.idle().spinNanos();
        long idleSince = System.nanoTime();
        boolean idle = true;
        while (running) {
            if (newest.get().generation() != topology.generation()) {
                adopt(newest.get(), waiter);
                idle = false;
            }
            if (turn() > 0) {
                counters.add(BUSY_TURNS, 1);
                idle = false;
                continue;
            }
            counters.add(IDLE_TURNS, 1);
            long now = System.nanoTime();
            if (!idle) {
                idle = true;
                idleSince = now;
            }
            if (now - idleSince < spinNanos) {
                Thread.onSpinWait();
            } else {
                sleep(waiter);
                idle = false;
            }
        }
    }

    private void adopt(Topology next, Waiter waiter) {
        topology = next;
        inlets = next.inlets(number, workers).toArray(Inlet[]::new);
        plugs = new Plug[next.plugs().size()];
        for (int i = 0; i < plugs.length; i++) {
            plugs[i] = next.plugs().get(i).orElse(null);
        }
        floodPorts = next.floodPorts();
        routes.resize(plugs.length);
        watch(waiter);
        adopted = next.generation();
    }

    private void watch(Waiter waiter) {
        waiter.watch(Arrays.stream(inlets)
                .map(inlet -> inlet.queue().wakeDescriptor())
                .filter(descriptor -> descriptor >= 0)
                .toList());
    }

    /** Serves every queue once, beginning with another one each time, and says how much was done. */
    private int turn() {
        int work = injections.isEmpty() ? 0 : serveInjections();
        int n = inlets.length;
        if (n == 0) {
            return work;
        }
        int start = first;
        first = start + 1 < n ? start + 1 : 0;
        for (int k = 0; k < n; k++) {
            int i = start + k;
            Inlet inlet = inlets[i < n ? i : i - n];
            if (!inlet.plug().hasFailed()) {
                work += serveSafely(inlet);
            }
        }
        return work;
    }

    private int serveSafely(Inlet inlet) {
        try {
            return serve(inlet);
        } catch (RuntimeException | Error e) {
            recover(inlet, e);
            return 1;
        }
    }

    private int serve(Inlet inlet) {
        ReceiveQueue queue = inlet.queue();
        int frames = 0;
        long bytes = 0;
        while (frames < settings.frameBudget() && bytes < settings.byteBudget()) {
            burst.clear();
            int limit = Math.min(Burst.CAPACITY, settings.frameBudget() - frames);
            int taken = queue.poll(burst, limit);
            if (taken == 0) {
                break;
            }
            if (burst.count() > 0) {
                forwarder.route(burst, inlet.plug().index(), floodPorts, routes, inlet.counters());
                transmit();
            }
            queue.release();
            frames += taken;
            bytes += burst.bytes();
            counters.add(BURSTS, 1);
            if (taken < limit) {
                break; // drained: looking again costs a cache miss and is due next turn anyway
            }
        }
        counters.add(FRAMES, frames);
        return frames;
    }

    private void transmit() {
        for (int i = 0, n = routes.outputs(); i < n; i++) {
            int port = routes.output(i);
            transmitTo(plugs[port], routes.frames(port), routes.count(port));
        }
    }

    private void transmitTo(Plug plug, int[] frames, int count) {
        try {
            plug.transmitter().transmit(burst, frames, count);
        } catch (RuntimeException | Error e) {
            fail(culprit(e).orElse(plug), e);
        }
    }

    private int serveInjections() {
        int work = 0;
        for (Injection next = injections.poll(); next != null; next = injections.poll()) {
            injectionBuffer.fill(burst, next.frame());
            injected.add(QueueCounters.Count.FRAMES, 1);
            forwarder.route(burst, next.port(), floodPorts, routes, injected);
            transmit();
            work++;
        }
        return work;
    }

    private void recover(Inlet inlet, Throwable error) {
        Plug guilty = culprit(error).orElse(inlet.plug());
        fail(guilty, error);
        if (guilty != inlet.plug()) {
            // Somebody else's memory broke off in the middle of this queue's burst: its chains still go back.
            try {
                inlet.queue().release();
            } catch (RuntimeException | Error e) {
                fail(inlet.plug(), e);
            }
        }
    }

    /** The port whose memory was taken away, if that is what the error says. */
    private Optional<Plug> culprit(Throwable error) {
        if (!(error instanceof InternalError)) {
            return Optional.empty();
        }
        return topology.plugs().stream()
                .flatMap(Optional::stream)
                .filter(plug -> !plug.port().memoryIntact())
                .findFirst();
    }

    private void fail(Plug plug, Throwable cause) {
        if (plug.fail()) {
            counters.add(FAULTS, 1);
            faults.portFailed(plug, cause);
        }
    }

    private void sleep(Waiter waiter) {
        boolean nothingWaits = true;
        for (Inlet inlet : inlets) {
            nothingWaits &= inlet.plug().hasFailed() || !armSafely(inlet);
        }
        if (nothingWaits && injections.isEmpty() && newest.get().generation() == topology.generation() && running) {
            counters.add(SLEEPS, 1);
            waiter.sleep(LONGEST_SLEEP_NANOS);
        }
        for (Inlet inlet : inlets) {
            if (!inlet.plug().hasFailed()) {
                disarmSafely(inlet);
            }
        }
    }

    private boolean armSafely(Inlet inlet) {
        try {
            return inlet.queue().arm();
        } catch (RuntimeException | Error e) {
            fail(culprit(e).orElse(inlet.plug()), e);
            return true;
        }
    }

    private void disarmSafely(Inlet inlet) {
        try {
            inlet.queue().disarm();
        } catch (RuntimeException | Error e) {
            fail(culprit(e).orElse(inlet.plug()), e);
        }
    }
}
