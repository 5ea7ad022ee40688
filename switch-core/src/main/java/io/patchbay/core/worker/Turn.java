package io.patchbay.core.worker;

import static io.patchbay.core.worker.WorkerCounters.Count.BURSTS;
import static io.patchbay.core.worker.WorkerCounters.Count.FRAMES;

import io.patchbay.core.forward.Forwarder;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.forward.Routes;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * What a worker does again and again: take bursts in from all of its queues, route them, deliver what was gathered, give the chains back.
 *
 * <p>Confined to its worker.
 */
final class Turn {

    private static final int INJECTIONS = 16;

    private final WorkerSettings settings;
    private final Forwarder forwarder;
    private final WorkerCounters counters;
    private final Faults faults;
    private final HeldBursts held;
    private final Injections injections;
    private final QueueCounters injected;
    private final InjectionBuffer injectionBuffer = new InjectionBuffer();
    private final TurnLimit limit;
    private final Gathering gathering = new Gathering();
    private final Routes routes = gathering.routes();
    private final Dispatch dispatch;

    private Share[] shares = new Share[0];
    private Share[] unfinished = new Share[0];
    private Plug[] plugs = new Plug[0];
    private int[] floodPorts = new int[0];
    private int first;
    private int again;
    private int unrouted;

    /** @param clock nanoseconds since whenever */
    Turn(
            WorkerSettings settings,
            LongSupplier clock,
            MacTable macs,
            WorkerCounters counters,
            Faults faults,
            HeldBursts held,
            Injections injections,
            QueueCounters injected) {
        this.settings = settings;
        this.limit = new TurnLimit(clock);
        this.forwarder = new Forwarder(macs);
        this.counters = counters;
        this.faults = faults;
        this.held = held;
        this.dispatch = new Dispatch(gathering, held, faults);
        this.injections = injections;
        this.injected = injected;
    }

    /** Goes on with other queues and ports. Nothing is gathered at the time. */
    void adopt(View view) {
        shares = view.inlets().stream().map(inlet -> new Share(inlet, settings)).toArray(Share[]::new);
        unfinished = new Share[shares.length];
        plugs = view.topology().plugs().stream().map(plug -> plug.orElse(null)).toArray(Plug[]::new);
        held.adopt(view.inlets(), plugs);
        floodPorts = view.topology().floodPorts();
        dispatch.adopt(plugs, view.topology().holders());
        routes.resize(plugs.length);
    }

    /** Takes a turn, and says how much was done. Every queue is served, beginning with another one each time. */
    int take() {
        int work = held.isEmpty() ? 0 : held.retry(); // first, so that what has waited is not overtaken
        work += injections.isEmpty() ? 0 : serveInjections();
        if (shares.length > 0) {
            limit.begin();
            work = serveAll(work);
        }
        return work;
    }

    /**
     * A turn of one queue, while nothing is held. What it has more of than it may send in a turn is left to the next.
     *
     * @param queue its place among the inlets of the view
     */
    int takeFrom(int queue) {
        again = 0;
        Share share = shares[queue];
        share.begin();
        int work = serve(share);
        dispatch.deliver();
        return work;
    }

    /** A turn that takes too long ends before, and the next goes on where it stopped. */
    private int serveAll(int before) {
        int n = shares.length;
        int start = first < n ? first : 0; // there may have been more queues a turn ago
        first = start + 1 < n ? start + 1 : 0;
        int work = before;
        again = 0;
        for (int k = 0; k < n; k++) {
            int i = start + k < n ? start + k : start + k - n;
            if (limit.isReached(work)) {
                first = i;
                again = 0;
                break;
            }
            Share share = shares[i];
            share.begin();
            work += serve(share);
        }
        dispatch.deliver();
        while (again > 0) {
            work = serveUnfinished(work);
        }
        return work;
    }

    /** Goes on with the queues from which a whole burst came, until their shares end. */
    private int serveUnfinished(int before) {
        int n = again;
        int work = before;
        again = 0;
        for (int k = 0; k < n; k++) {
            if (limit.isReached(work)) {
                again = 0;
                break;
            }
            work += serve(unfinished[k]);
        }
        dispatch.deliver();
        return work;
    }

    /** Whether what was taken from a queue last has to wait, and so the queue. */
    boolean isHeld(Inlet inlet) {
        return !held.isEmpty() && held.holds(inlet.queue());
    }

    private int serve(Share share) {
        int before = gathering.count();
        try {
            return gather(share);
        } catch (RuntimeException | Error e) {
            recover(share, before, e);
            return 1;
        }
    }

    /** Takes in a burst, or as many as its share allows while each is delivered at once. */
    private int gather(Share share) {
        Inlet inlet = share.inlet();
        int work = 0;
        for (int most = share.limit(); most > 0; most = share.limit()) {
            if (inlet.plug().hasFailed() || isHeld(inlet)) {
                break;
            }
            int taken = gather(share, most);
            work += taken;
            if (taken < most) {
                break; // drained: looking again costs a cache miss and is due next turn anyway
            }
            if (gathering.count() > 0) {
                unfinished[again++] = share;
                break;
            }
        }
        return work;
    }

    private int gather(Share share, int most) {
        Inlet inlet = share.inlet();
        Burst burst = gathering.spare();
        int taken = inlet.queue().poll(burst, most);
        if (taken == 0) {
            return 0;
        }
        if (taken < most) {
            burst.setLast();
        }
        gathering.add(share);
        share.took(taken, burst.bytes());
        counters.add(FRAMES, taken);
        counters.add(BURSTS, 1);
        if (burst.count() > 0) {
            unrouted = burst.count();
            Plug plug = inlet.plug();
            forwarder.route(burst, plug.index(), floodPorts, plug.policy(), routes, inlet.counters());
            unrouted = 0;
            dispatch.offer();
        }
        if (gathering.isFull() || held.hasBegun()) {
            dispatch.deliver();
        } else {
            burst.fetch();
        }
        return taken;
    }

    private int serveInjections() {
        int work = 0;
        while (work < INJECTIONS) {
            Optional<Injection> next = injections.poll();
            if (next.isEmpty()) {
                break;
            }
            serve(next.get());
            work++;
        }
        return work;
    }

    private void serve(Injection injection) {
        injected.add(QueueCounters.Count.FRAMES, 1);
        int port = injection.from().port();
        Plug plug = plugs[port];
        if (!injection.isWanted() || plug.hasFailed()) {
            injected.drop(DropReason.PORT_DOWN, 1);
            return;
        }
        Burst burst = gathering.spare();
        injectionBuffer.fill(burst, injection.frame());
        if (injection.outward()) {
            routes.add(port, 0);
        } else {
            forwarder.route(burst, port, floodPorts, plug.policy(), routes, injected);
        }
        dispatch.deliver();
    }

    /** Somebody's memory broke off while a queue was served. What others sent is delivered, and all chains go back. */
    private void recover(Share share, int before, Throwable error) {
        Plug guilty = faults.blame(share.inlet().plug(), error);
        if (unrouted > 0) {
            routes.forgetLast();
            share.inlet().counters().drop(DropReason.PORT_DOWN, unrouted);
            unrouted = 0;
        }
        if (gathering.count() == before && guilty != share.inlet().plug()) {
            dispatch.release(share.inlet()); // it was taking frames in when it heard of another's memory
        }
        dispatch.finish();
    }

    /** Finishes what an error has interrupted. */
    void finish() {
        dispatch.finish();
    }
}
