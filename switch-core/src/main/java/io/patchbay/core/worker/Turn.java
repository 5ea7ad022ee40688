package io.patchbay.core.worker;

import static io.patchbay.core.worker.WorkerCounters.Count.BURSTS;
import static io.patchbay.core.worker.WorkerCounters.Count.FRAMES;

import io.patchbay.core.forward.Forwarder;
import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.forward.Routes;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Delivery;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import java.util.Optional;

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
    private final TurnLimit limit = new TurnLimit(System::nanoTime);
    private final Gathering gathering = new Gathering();
    private final Routes routes = gathering.routes();
    private final int[] holding = new int[Burst.CAPACITY];

    private Share[] shares = new Share[0];
    private Share[] unfinished = new Share[0];
    private Plug[] plugs = new Plug[0];
    private int[] floodPorts = new int[0];
    private int[] holders = new int[0];
    private int first;
    private int again;
    private int nextHolder;
    private int nextOutput;
    private int unrouted;

    Turn(
            WorkerSettings settings,
            MacTable macs,
            WorkerCounters counters,
            Faults faults,
            HeldBursts held,
            Injections injections,
            QueueCounters injected) {
        this.settings = settings;
        this.forwarder = new Forwarder(macs);
        this.counters = counters;
        this.faults = faults;
        this.held = held;
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
        holders = view.topology().holders();
        nextHolder = holders.length;
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
        deliver();
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
        deliver();
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
            nextHolder = 0;
            offerToHolders();
        }
        if (gathering.isFull() || held.hasBegun()) {
            deliver();
        }
        return taken;
    }

    /** Ports that hold get the burst at once: what they have no room for is held as a part of this burst, and nobody else has to wait for it. */
    private void offerToHolders() {
        while (nextHolder < holders.length) {
            int port = holders[nextHolder++];
            Plug plug = plugs[port];
            if (routes.count(port) > 0 && plug.holds()) {
                int n = routes.takeLast(port, holding);
                try {
                    held.offer(plug.holding(), port, gathering.last(), holding, n, routes);
                } catch (RuntimeException | Error e) {
                    faults.blame(plug, e);
                }
            }
        }
    }

    /** Delivers what was gathered, or what is left of it if that broke off, and gives the chains back. */
    private void deliver() {
        transmit();
        if (held.hasBegun()) {
            hold();
        }
        while (gathering.isUnreleased()) {
            release(gathering.release().inlet());
        }
        gathering.clear();
        nextOutput = 0;
    }

    private void transmit() {
        while (nextOutput < routes.outputs()) {
            int port = routes.output(nextOutput++);
            if (routes.count(port) > 0) {
                transmitTo(port);
            }
        }
    }

    private void transmitTo(int port) {
        Plug plug = plugs[port];
        Delivery delivery = gathering.delivery();
        delivery.start(routes.frames(port), routes.count(port));
        while (delivery.left() > 0) {
            int left = delivery.left();
            try {
                plug.transmitter().transmit(delivery);
            } catch (RuntimeException | Error e) {
                faults.blame(plug, e);
                if (delivery.left() == left) {
                    plug.lost(left);
                    break; // the same would happen again
                }
            }
        }
    }

    /** Keeps the burst added last until there is room for what waits of it. */
    private void hold() {
        Inlet inlet = gathering.lastSender().inlet();
        if (inlet.plug().hasFailed()) {
            held.abandon(inlet);
        } else {
            gathering.replaceLast(held.keep(gathering.last(), inlet));
        }
    }

    private void release(Inlet inlet) {
        if (inlet.plug().hasFailed()) {
            return;
        }
        try {
            inlet.queue().release();
        } catch (RuntimeException | Error e) {
            faults.blame(inlet.plug(), e);
        }
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
        Burst burst = gathering.spare();
        injectionBuffer.fill(burst, injection.frame());
        injected.add(QueueCounters.Count.FRAMES, 1);
        if (!injection.outward()) {
            forwarder.route(burst, injection.port(), floodPorts, IngressPolicy.OPEN, routes, injected);
        } else if (plugs[injection.port()] != null) {
            routes.add(injection.port(), 0);
        } else {
            injected.drop(DropReason.PORT_DOWN, 1); // taken out of the switch meanwhile
        }
        deliver();
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
            release(share.inlet()); // it was taking frames in when it heard of another's memory
        }
        finish();
    }

    /** Finishes what an error has interrupted. */
    void finish() {
        boolean finished = false;
        while (!finished) {
            try {
                offerToHoldersLeft();
                deliver();
                finished = true;
            } catch (InternalError e) {
                faults.culprit(e).ifPresent(plug -> faults.fail(plug, e)); // each step is taken once, so this ends
            }
        }
    }

    private void offerToHoldersLeft() {
        if (gathering.isUnreleased()) {
            offerToHolders();
        }
    }
}
