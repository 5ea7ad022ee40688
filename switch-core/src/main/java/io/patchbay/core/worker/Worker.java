package io.patchbay.core.worker;

import static io.patchbay.core.worker.WorkerCounters.Count.BUSY_TURNS;
import static io.patchbay.core.worker.WorkerCounters.Count.FAULTS;
import static io.patchbay.core.worker.WorkerCounters.Count.IDLE_TURNS;
import static io.patchbay.core.worker.WorkerCounters.Count.SLEEPS;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.linux.Affinity;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.ReceiveQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One thread that moves frames: the duty cycle of the package description. What it does when there is something to do is a {@link Turn}.
 *
 * <p>Everything here belongs to that thread, except {@link #adopted}, {@link #wakeUp}, {@link #inject} and {@link #stop}.
 */
final class Worker implements Runnable {

    /** How a worker that sleeps with nothing to wake it notices anything that could not ring. */
    private static final long LONGEST_SLEEP_NANOS = 60_000_000_000L;

    private static final Logger LOG = LoggerFactory.getLogger(Worker.class);

    private final int number;
    private final int workers;
    private final WorkerSettings settings;
    private final WaiterFactory waiters;
    private final Supplier<Topology> newest;
    private final WorkerCounters counters = new WorkerCounters();
    private final QueueCounters injected = new QueueCounters();
    private final Injections injections = new Injections();
    private final CountDownLatch ready = new CountDownLatch(1);

    private final Faults faults;
    private final HeldBursts held;
    private final Turn turn;
    private final WakeUps wakeUps = new WakeUps();
    private View view = View.EMPTY;
    private boolean deaf;
    private boolean armed;
    private int workOnWaking;

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
            Faults.Listener listener) {
        this.number = number;
        this.workers = workers;
        this.settings = settings;
        this.waiters = waiters;
        this.newest = newest;
        this.faults = new Faults(number, listener, counters);
        this.held = new HeldBursts(faults);
        this.turn = new Turn(settings, System::nanoTime, macs, counters, faults, held, injections, injected);
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
        boolean taken = injections.add(injection);
        if (taken) {
            wakeUp();
        }
        return taken;
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
            held.bells().close();
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
            faults.blame(e);
            turn.finish();
            view = View.EMPTY; // whatever was being adopted is adopted anew
        }
    }

    private void turnUntilStopped(Waiter waiter) {
        SpinWindow window = new SpinWindow(settings.idle().spinNanos());
        long idleSince = 0;
        boolean idle = false;
        boolean slept = false;
        while (running) {
            if (isOutdated()) {
                adopt(newest.get(), waiter);
            }
            int work = workOnWaking > 0 ? workOnWaking : turn.take();
            workOnWaking = 0;
            disarm();
            if (work > 0) {
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

    private boolean isOutdated() {
        return newest.get().generation() != view.topology().generation();
    }

    private void adopt(Topology next, Waiter waiter) {
        view = View.of(next, number, workers);
        faults.adopt(next.present());
        turn.adopt(view);
        wakeUps.adopt(view.inlets());
        watch(waiter);
        held.bells().closeOld();
        armed = true; // by whoever had the queues before, if not by us
        adopted = next.generation();
    }

    private void watch(Waiter waiter) {
        List<Integer> descriptors = new ArrayList<>(held.bells().numbers());
        for (Inlet inlet : view.inlets()) {
            if (inlet.queue().wakeDescriptor() >= 0) {
                descriptors.add(inlet.queue().wakeDescriptor());
            }
        }
        waiter.watch(descriptors);
        deaf = true; // to be sure; what is not held is listened to before the next sleep
    }

    private void sleep(Waiter waiter) {
        boolean nothingWaits = true;
        armed = true;
        for (Inlet inlet : view.inlets()) {
            nothingWaits &= inlet.plug().hasFailed() || turn.isHeld(inlet) || !armSafely(inlet);
        }
        long nanos = LONGEST_SLEEP_NANOS;
        boolean holding = !held.isEmpty();
        if (holding) {
            nothingWaits &= !held.arm();
            nanos = held.patience(nanos);
        }
        if (holding || deaf) {
            listen(waiter);
        }
        if (nothingWaits && injections.isEmpty() && !isOutdated() && running) {
            counters.add(SLEEPS, 1);
            waiter.sleep(nanos, this::rang);
        }
        if (holding) {
            held.bells().disarm();
        }
    }

    /**
     * What has woken us is served before all else, and alone: clearing, disarming and the waiter itself take system calls, and looking at all other queues
     * takes their memory from wherever it went while we slept, for which a frame would wait.
     */
    private void rang(int descriptor) {
        int queue = wakeUps.note(descriptor);
        if (queue != WakeUps.NO_QUEUE && held.isEmpty()) {
            workOnWaking += turn.takeFrom(queue);
        } else if (workOnWaking == 0) {
            workOnWaking = turn.take();
        }
    }

    /** Asks for no more wake-ups, if any were asked for. */
    private void disarm() {
        if (!armed) {
            return;
        }
        armed = false;
        for (Inlet inlet : wakeUps.queues()) {
            safely(inlet, ReceiveQueue::clearWakeUp);
        }
        wakeUps.forget();
        for (Inlet inlet : view.inlets()) {
            safely(inlet, ReceiveQueue::disarm);
        }
    }

    /** Listens to queues that are served, and not to those that have to wait: an uplink may well be readable all the time. */
    private void listen(Waiter waiter) {
        deaf = false;
        for (Inlet inlet : view.inlets()) {
            int descriptor = inlet.queue().wakeDescriptor();
            if (descriptor >= 0) {
                boolean waits = turn.isHeld(inlet);
                waiter.listen(descriptor, !waits);
                deaf |= waits;
            }
        }
    }

    private boolean armSafely(Inlet inlet) {
        try {
            return inlet.queue().arm();
        } catch (RuntimeException | Error e) {
            faults.blame(inlet.plug(), e);
            return true;
        }
    }

    private void safely(Inlet inlet, Consumer<ReceiveQueue> call) {
        if (inlet.plug().hasFailed()) {
            return;
        }
        try {
            call.accept(inlet.queue());
        } catch (RuntimeException | Error e) {
            faults.blame(inlet.plug(), e);
        }
    }
}
