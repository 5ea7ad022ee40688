package io.patchbay.core.worker;

import io.patchbay.core.forward.Routes;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Delivery;

/**
 * Delivers what was gathered and gives the chains back. Each step is taken once: who comes back after an error goes on where it broke off.
 *
 * <p>Confined to its worker.
 */
final class Dispatch {

    private final Gathering gathering;
    private final Routes routes;
    private final HeldBursts held;
    private final Faults faults;
    private final int[] holding = new int[Burst.CAPACITY];

    private Plug[] plugs = new Plug[0];
    private int[] holders = new int[0];
    private int nextHolder;
    private int nextOutput;

    Dispatch(Gathering gathering, HeldBursts held, Faults faults) {
        this.gathering = gathering;
        this.routes = gathering.routes();
        this.held = held;
        this.faults = faults;
    }

    /** Goes on with other ports. Nothing is gathered at the time. */
    void adopt(Plug[] present, int[] thatHold) {
        plugs = present;
        holders = thatHold;
        nextHolder = thatHold.length;
    }

    /** Ports that hold get the burst at once: what they have no room for is held as a part of this burst, and nobody else has to wait for it. */
    void offer() {
        nextHolder = 0;
        offerToHolders();
    }

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
    void deliver() {
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

    /** Gives back what was taken from a queue, unless its port has failed. */
    void release(Inlet inlet) {
        if (inlet.plug().hasFailed()) {
            return;
        }
        try {
            inlet.queue().release();
        } catch (RuntimeException | Error e) {
            faults.blame(inlet.plug(), e);
        }
    }

    /** Finishes what an error has interrupted. */
    void finish() {
        boolean finished = false;
        while (!finished) {
            try {
                if (gathering.isUnreleased()) {
                    offerToHolders();
                }
                deliver();
                finished = true;
            } catch (InternalError e) {
                faults.blame(e); // each step is taken once, so this ends
            }
        }
    }
}
