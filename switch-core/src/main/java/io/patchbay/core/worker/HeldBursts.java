package io.patchbay.core.worker;

import io.patchbay.core.forward.Routes;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.HoldingTransmitter;
import io.patchbay.core.port.ReceiveQueue;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/**
 * The bursts of one worker that wait for room in ports that hold frames ({@link HoldingTransmitter}).
 *
 * <p>A queue has at most one burst here, and is not polled meanwhile: frames wait where their sender put them, and only behind each other. Who has
 * waited longest is served first when there is room.
 *
 * <p>Confined to its worker. A burst that waits is made when there is none to be used again, so there are at most as many as queues.
 */
final class HeldBursts {

    private final Faults faults;
    private final Deque<HeldBurst> waiting = new ArrayDeque<>();
    private final Deque<HeldBurst> spare = new ArrayDeque<>();
    private final int[] run = new int[Burst.CAPACITY];

    /** To how many of the frames that are offered one has come. */
    private int come;

    private HeldBurst current = new HeldBurst();
    private Plug[] plugs = new Plug[0];
    private final RoomBells bells;

    HeldBursts(Faults faults) {
        this.faults = faults;
        this.bells = new RoomBells(faults);
    }

    /**
     * Offers frames of a burst to a port that holds, and remembers those that have to wait. Copies of floods do not.
     *
     * @param routes knows which frames of the burst are flooded
     */
    void offer(HoldingTransmitter port, int number, Burst burst, int[] frames, int count, Routes routes) {
        if (!routes.anyFlooded()) {
            int done = port.offer(burst, frames, count);
            if (done < count) {
                hold(port, number, frames, done, count - done);
            }
            return;
        }
        come = 0;
        try {
            offerRuns(port, number, burst, frames, count, routes);
        } finally {
            if (come < count) {
                plugs[number].lost(count - come); // it broke off, and nobody comes to these
            }
        }
    }

    private void offerRuns(HoldingTransmitter port, int number, Burst burst, int[] frames, int count, Routes routes) {
        boolean waits = false;
        for (int at = 0, end; at < count; at = end) {
            boolean flooded = routes.isFlooded(frames[at]);
            end = at + 1;
            while (end < count && routes.isFlooded(frames[end]) == flooded) {
                end++;
            }
            int n = end - at;
            come = end;
            System.arraycopy(frames, at, run, 0, n);
            if (flooded && waits) {
                port.refuse(n);
            } else if (flooded) {
                port.transmit(burst, run, n);
            } else {
                int done = waits ? 0 : port.offer(burst, run, n);
                if (done < n) {
                    waits = true;
                    hold(port, number, run, done, n - done);
                }
            }
        }
    }

    private void hold(HoldingTransmitter port, int number, int[] frames, int from, int count) {
        current.add(number, frames, from, count);
        port.held(count);
    }

    /** Whether frames of the burst offered last have to wait. */
    boolean hasBegun() {
        return !current.isEmpty();
    }

    /** Keeps the burst whose frames have to wait, and gives an empty one for it. */
    Burst keep(Burst burst, Inlet inlet) {
        HeldBurst kept = current;
        Burst empty = kept.exchange(burst, inlet);
        waiting.addLast(kept);
        HeldBurst next = spare.pollFirst();
        current = next == null ? new HeldBurst() : next;
        current.clear();
        return empty;
    }

    /** Counts the frames of the burst offered last that should wait as dropped: the port they came from has failed. */
    void abandon(Inlet inlet) {
        inlet.counters().drop(DropReason.PORT_DOWN, current.waiting());
        current.clear();
    }

    boolean isEmpty() {
        return waiting.isEmpty();
    }

    boolean holds(ReceiveQueue queue) {
        for (HeldBurst held : waiting) {
            if (held.inlet().queue().equals(queue)) {
                return true;
            }
        }
        return false;
    }

    /** Offers everything that waits again, and says how much was dealt with. Queues of which nothing waits any more are released. */
    int retry() {
        int work = 0;
        for (int left = waiting.size(); left > 0; left--) {
            HeldBurst held = waiting.removeFirst();
            if (held.inlet().plug().hasFailed()) {
                drop(held);
                continue;
            }
            work += offerAgain(held);
            if (held.isEmpty()) {
                end(held);
            } else {
                waiting.addLast(held); // all of them take their turns, so they stay in order
            }
        }
        return work;
    }

    private int offerAgain(HeldBurst held) {
        int work = 0;
        for (int g = 0; g < held.groups(); g++) {
            Plug plug = plugs[held.port(g)];
            int count = held.count(g);
            int done = count;
            try {
                if (plug.holds()) {
                    done = plug.holding().offer(held.burst(), held.frames(g), count);
                } else {
                    plug.transmitter().transmit(held.burst(), held.frames(g), count);
                }
            } catch (RuntimeException | Error e) {
                faults.blame(plug, e);
            }
            held.done(g, done);
            work += done;
        }
        held.compact();
        return work;
    }

    private void end(HeldBurst held) {
        Inlet inlet = held.inlet();
        spare.addFirst(held);
        try {
            if (!inlet.plug().hasFailed()) {
                inlet.queue().release();
            }
        } catch (RuntimeException | Error e) {
            faults.blame(inlet.plug(), e);
        }
    }

    private void drop(HeldBurst held) {
        held.inlet().counters().drop(DropReason.PORT_DOWN, held.waiting());
        held.clear();
        spare.addFirst(held);
    }

    /**
     * Lets go of queues that are not among these any more, forgets what waits for ports that have gone, and goes on with the rest. The bells of the ports
     * before stay until they are {@linkplain RoomBells#closeOld closed}.
     */
    void adopt(List<Inlet> inlets, Plug[] next) {
        Plug[] before = plugs;
        plugs = next;
        for (int left = waiting.size(); left > 0; left--) {
            HeldBurst held = waiting.removeFirst();
            forgetPortsThatHaveGone(held, before);
            boolean stays = false;
            for (Inlet inlet : inlets) {
                if (inlet.queue().equals(held.inlet().queue())) {
                    held.setInlet(inlet);
                    stays = true;
                }
            }
            if (stays) {
                waiting.addLast(held);
            } else {
                giveUp(held);
            }
        }
        bells.adopt(plugs);
    }

    private void forgetPortsThatHaveGone(HeldBurst held, Plug[] before) {
        for (int g = 0; g < held.groups(); g++) {
            int port = held.port(g);
            boolean same = port < plugs.length
                    && plugs[port] != null
                    && plugs[port].port().equals(before[port].port());
            if (!same) {
                held.inlet().counters().drop(DropReason.PORT_DOWN, held.count(g));
                held.done(g, held.count(g));
            }
        }
        held.compact();
    }

    /** Leaves what waits in its queue if that takes it back, so that nothing is lost when the queue goes on elsewhere. */
    private void giveUp(HeldBurst held) {
        Inlet inlet = held.inlet();
        int frames = held.waiting();
        int first = held.first();
        held.clear();
        spare.addFirst(held);
        if (inlet.plug().hasFailed()) {
            inlet.counters().drop(DropReason.PORT_DOWN, frames);
            return;
        }
        DropReason reason = DropReason.PORT_DOWN;
        try {
            boolean back = frames > 0 && inlet.queue().putBack(first);
            reason = back ? DropReason.PUT_BACK : DropReason.UPLINK_FULL;
            if (!back) {
                inlet.queue().release();
            }
        } catch (RuntimeException | Error e) {
            faults.blame(inlet.plug(), e);
        } finally {
            inlet.counters().drop(reason, frames);
        }
    }

    /** The bells of the ports as they are now, by which they say that there is room. */
    RoomBells bells() {
        return bells;
    }

    /** Asks to be woken when there is room for what waits; true if there is some already. */
    boolean arm() {
        boolean room = false;
        for (HeldBurst held : waiting) {
            for (int g = 0; g < held.groups(); g++) {
                Plug plug = plugs[held.port(g)];
                if (plug.holds()) {
                    room |= plug.holding().hasRoom();
                    if (plug.holding().rings()) {
                        bells.arm(plug.holding());
                    }
                } else {
                    room = true; // to be dropped
                }
            }
        }
        return room;
    }

    /** For how long to sleep at most, in nanoseconds, so that nothing is held for too long. */
    long patience(long most) {
        long nanos = most;
        long now = System.nanoTime();
        for (HeldBurst held : waiting) {
            for (int g = 0; g < held.groups(); g++) {
                Plug plug = plugs[held.port(g)];
                nanos = Math.min(
                        nanos, plug.holds() ? Math.max(0, plug.holding().retryAt() - now) : 0);
            }
        }
        return nanos;
    }
}
