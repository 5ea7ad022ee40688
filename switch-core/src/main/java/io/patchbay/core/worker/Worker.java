package io.patchbay.core.worker;

import static io.patchbay.core.worker.WorkerCounters.Count.BURSTS;
import static io.patchbay.core.worker.WorkerCounters.Count.BUSY_TURNS;
import static io.patchbay.core.worker.WorkerCounters.Count.FAULTS;
import static io.patchbay.core.worker.WorkerCounters.Count.FRAMES;
import static io.patchbay.core.worker.WorkerCounters.Count.IDLE_TURNS;
import static io.patchbay.core.worker.WorkerCounters.Count.SLEEPS;

import io.patchbay.core.forward.Forwarder;
import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.forward.Routes;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.linux.Affinity;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.ReceiveQueue;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that moves frames: the duty cycle of the package description.
 *
 * <p>Everything here belongs to that thread, except {@link #adopted}, {@link #wakeUp}, {@link #inject} and {@link #stop}.
 */
final class Worker implements Runnable {

    /**
     * A queue's share of a turn ends after the burst with which so many pieces of guest memory were looked at: a guest whose frames, or whose
     * receive buffers, are cut into single bytes otherwise takes a hundred times longer for its frames than others for theirs.
     */
    static final int EFFORT_BUDGET = 8192;

    /** How a worker that sleeps with nothing to wake it notices anything that could not ring. */
    private static final long LONGEST_SLEEP_NANOS = 60_000_000_000L;

    static final int MAX_WAITING_INJECTIONS = 256;
    private static final int INJECTIONS_A_TURN = 16;
    private static final long TAMPERING_MILLIS = 1000;

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
    private final AtomicInteger waitingInjections = new AtomicInteger();
    private final CountDownLatch ready = new CountDownLatch(1);

    private Burst burst = new Burst();
    private final Routes routes = new Routes();
    private final HeldBursts held = new HeldBursts(this::failWithCulprit);
    private final InjectionBuffer injectionBuffer = new InjectionBuffer();
    private Topology topology = Topology.EMPTY;
    private Inlet[] inlets = new Inlet[0];
    private Plug[] plugs = new Plug[0];
    private int[] floodPorts = new int[0];
    private final TurnLimit limit = new TurnLimit(System::nanoTime);
    private int first;
    private int unrouted;
    private int nextOutput;
    private boolean mayHold;
    private boolean deaf;

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

    /** Takes a frame to be forwarded; false if too many wait already. */
    boolean inject(Injection injection) {
        if (waitingInjections.incrementAndGet() > MAX_WAITING_INJECTIONS) {
            waitingInjections.decrementAndGet();
            return false;
        }
        injections.add(injection);
        wakeUp();
        return true;
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
            while (running) {
                turnSafely(mine);
            }
        } catch (RuntimeException | Error e) {
            failure = Optional.of(e);
            if (ready.getCount() == 0) { // otherwise whoever starts the worker is told
                LOG.error("worker {} died", number, e);
                throw e;
            }
        } finally {
            held.close();
            adopted = Long.MAX_VALUE;
            ready.countDown();
        }
    }

    /**
     * Turns until the worker is stopped, or until an access to memory that a guest took away, some turns ago, is reported here: code that was
     * compiled learns of it late, at the end of any loop.
     */
    private void turnSafely(Waiter waiter) {
        try {
            turnUntilStopped(waiter);
        } catch (InternalError e) {
            counters.add(FAULTS, 1);
            Optional<Plug> guilty = culprit(e);
            guilty.ifPresentOrElse(
                    plug -> fail(plug, e),
                    () -> LOG.warn("worker {}: memory of a port was away for a moment", number, e));
            topology = Topology.EMPTY; // whatever was being adopted is adopted anew
        }
    }

    private void turnUntilStopped(Waiter waiter) {
        SpinWindow window = new SpinWindow(settings.idle().spinNanos());
        long idleSince = 0;
        boolean idle = false;
        boolean slept = false;
        while (running) {
            if (newest.get().generation() != topology.generation()) {
                adopt(newest.get(), waiter);
            }
            if (turn() > 0) {
                counters.add(BUSY_TURNS, 1);
                if (idle) {
                    window.ended(System.nanoTime() - idleSince);
                    idle = false;
                }
                continue;
            }
            counters.add(IDLE_TURNS, 1);
            long now = System.nanoTime();
            if (!idle) {
                idle = true;
                slept = false;
                idleSince = now;
            }
            if (!slept && now - idleSince < window.nanos()) {
                Thread.onSpinWait();
            } else {
                // Woken for nothing, or for a frame that is not there yet, it sleeps again without polling.
                slept = true;
                sleep(waiter);
            }
        }
    }

    private void adopt(Topology next, Waiter waiter) {
        topology = next;
        inlets = next.inlets(number, workers).toArray(Inlet[]::new);
        Plug[] before = plugs;
        plugs = new Plug[next.plugs().size()];
        for (int i = 0; i < plugs.length; i++) {
            plugs[i] = next.plugs().get(i).orElse(null);
        }
        held.adopt(inlets, before, plugs);
        floodPorts = next.floodPorts();
        routes.resize(plugs.length);
        watch(waiter);
        held.closeOldBells();
        adopted = next.generation();
    }

    private void watch(Waiter waiter) {
        List<Integer> descriptors = new ArrayList<>(held.wakeDescriptors());
        for (Inlet inlet : inlets) {
            if (inlet.queue().wakeDescriptor() >= 0) {
                descriptors.add(inlet.queue().wakeDescriptor());
            }
        }
        waiter.watch(descriptors);
        deaf = true; // to be sure; what is not held is listened to before the next sleep
    }

    /**
     * Serves every queue once, beginning with another one each time, and says how much was done. A turn that takes too long ends before, and the
     * next goes on where it stopped.
     */
    private int turn() {
        int work = held.isEmpty() ? 0 : held.retry(plugs); // first, so that what has waited is not overtaken
        work += injections.isEmpty() ? 0 : serveInjections();
        int n = inlets.length;
        if (n == 0) {
            return work;
        }
        int start = first < n ? first : 0; // there may have been more queues a turn ago
        first = start + 1 < n ? start + 1 : 0;
        limit.begin();
        for (int k = 0; k < n; k++) {
            int i = start + k < n ? start + k : start + k - n;
            if (limit.isReached(work)) {
                first = i;
                break;
            }
            Inlet inlet = inlets[i];
            if (!inlet.plug().hasFailed() && !isHeld(inlet)) {
                work += serveSafely(inlet);
            }
        }
        return work;
    }

    /** Whether what was taken from a queue last has to wait, and so the queue. */
    private boolean isHeld(Inlet inlet) {
        return !held.isEmpty() && held.holds(inlet.queue());
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
        long effort = 0;
        while (frames < settings.frameBudget() && bytes < settings.byteBudget() && effort < EFFORT_BUDGET) {
            burst.clear();
            int limit = Math.min(Burst.CAPACITY, settings.frameBudget() - frames);
            int taken = queue.poll(burst, limit);
            if (taken == 0) {
                break;
            }
            if (taken < limit) {
                burst.setLast();
            }
            if (burst.count() > 0) {
                unrouted = burst.count();
                Plug plug = inlet.plug();
                forwarder.route(burst, plug.index(), floodPorts, plug.policy(), routes, inlet.counters());
                unrouted = 0;
                nextOutput = 0;
                mayHold = true;
                transmit();
            }
            frames += taken;
            bytes += burst.bytes();
            effort += burst.effort();
            counters.add(BURSTS, 1);
            if (held.hasBegun()) {
                burst = held.keep(burst, inlet);
                break;
            }
            queue.release();
            if (taken < limit) {
                break; // drained: looking again costs a cache miss and is due next turn anyway
            }
        }
        counters.add(FRAMES, frames);
        return frames;
    }

    private void transmit() {
        while (nextOutput < routes.outputs()) {
            transmitTo(routes.output(nextOutput++));
        }
    }

    private void transmitTo(int port) {
        Plug plug = plugs[port];
        try {
            if (mayHold && plug.holds()) {
                held.offer(plug.holding(), port, burst, routes);
            } else {
                plug.transmitter().transmit(burst, routes.frames(port), routes.count(port));
            }
        } catch (RuntimeException | Error e) {
            failWithCulprit(plug, e);
        }
    }

    private void failWithCulprit(Plug plug, Throwable cause) {
        fail(culprit(cause).orElse(plug), cause);
    }

    private int serveInjections() {
        int work = 0;
        while (work < INJECTIONS_A_TURN) {
            Injection next = injections.poll();
            if (next == null) {
                break;
            }
            waitingInjections.decrementAndGet();
            injectionBuffer.fill(burst, next.frame());
            injected.add(QueueCounters.Count.FRAMES, 1);
            if (next.outward()) {
                route(next.port());
            } else {
                forwarder.route(burst, next.port(), floodPorts, IngressPolicy.OPEN, routes, injected);
            }
            nextOutput = 0;
            mayHold = false;
            transmit();
            work++;
        }
        return work;
    }

    /** Routes a burst of one frame out to a port, which may have been taken out of the switch meanwhile. */
    private void route(int port) {
        routes.clear();
        if (topology.plugs().get(port).isPresent()) {
            routes.add(port, 0);
        } else {
            injected.drop(DropReason.PORT_DOWN, 1);
        }
    }

    private void recover(Inlet inlet, Throwable error) {
        Plug guilty = culprit(error).orElse(inlet.plug());
        fail(guilty, error);
        try {
            finishBurst(inlet);
            if (guilty == inlet.plug()) {
                held.abandon(inlet);
            } else if (held.hasBegun()) {
                burst = held.keep(burst, inlet);
            } else {
                // Somebody else's memory broke off in the middle of this queue's burst: its chains still go back.
                inlet.queue().release();
            }
        } catch (RuntimeException | Error e) {
            fail(culprit(e).orElse(inlet.plug()), e);
        }
    }

    /** Delivers, or at least counts, what is left of the burst in which the error came. */
    private void finishBurst(Inlet inlet) {
        if (unrouted > 0) {
            inlet.counters().drop(DropReason.PORT_DOWN, unrouted);
            unrouted = 0;
        } else {
            transmit();
        }
    }

    /**
     * The port whose memory was taken away, if that is what the error says. If all memory is there again, it is the one that was tampered
     * with last: who shrinks a file and grows it again, to have others blamed, has done so a moment ago.
     */
    private Optional<Plug> culprit(Throwable error) {
        if (!(error instanceof InternalError)) {
            return Optional.empty();
        }
        List<Plug> present = topology.plugs().stream().flatMap(Optional::stream).toList();
        Optional<Plug> incomplete =
                present.stream().filter(plug -> !plug.port().memoryIntact()).findFirst();
        long recently = System.currentTimeMillis() - TAMPERING_MILLIS;
        return incomplete.or(() -> present.stream()
                .filter(plug -> plug.port().memoryChangedMillis() >= recently)
                .max(Comparator.comparingLong(plug -> plug.port().memoryChangedMillis())));
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
            nothingWaits &= inlet.plug().hasFailed() || isHeld(inlet) || !armSafely(inlet);
        }
        long nanos = LONGEST_SLEEP_NANOS;
        boolean holding = !held.isEmpty();
        if (holding) {
            nothingWaits &= !held.arm(plugs);
            nanos = held.patience(plugs, nanos);
        }
        if (holding || deaf) {
            listen(waiter);
        }
        if (nothingWaits && injections.isEmpty() && newest.get().generation() == topology.generation() && running) {
            counters.add(SLEEPS, 1);
            waiter.sleep(nanos);
        }
        if (holding) {
            held.disarm();
        }
        for (Inlet inlet : inlets) {
            if (!inlet.plug().hasFailed() && !isHeld(inlet)) {
                disarmSafely(inlet);
            }
        }
    }

    /** Listens to queues that are served, and not to those that have to wait: an uplink may well be readable all the time. */
    private void listen(Waiter waiter) {
        deaf = false;
        for (Inlet inlet : inlets) {
            int descriptor = inlet.queue().wakeDescriptor();
            if (descriptor >= 0) {
                boolean waits = isHeld(inlet);
                waiter.listen(descriptor, !waits);
                deaf |= waits;
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
