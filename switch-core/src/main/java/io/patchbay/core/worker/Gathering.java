package io.patchbay.core.worker;

import io.patchbay.core.forward.Routes;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Delivery;

/**
 * Bursts that were taken in and routed, and wait for each other.
 *
 * <p>A burst of a guest that talks to sixty others has a frame for each. Delivered by itself, it costs a look at sixty rings, and sixty times showing
 * a driver a single frame, for which its processor and ours exchange a cache line each time. Gathered from many senders, the frames of a receiver are
 * as many as if there were one sender.
 *
 * <p>Confined to its worker and reused.
 */
final class Gathering {

    /** Most bursts: with 64 ports 64 were better than 32. */
    static final int MOST = 64;

    /** Bytes with which it is enough: what a queue's share of a turn is. */
    private static final long ENOUGH_BYTES = WorkerSettings.DEFAULT_BYTE_BUDGET;

    /**
     * Frames for a receiver for which it is worth turning to. Two guests that talk to each other as fast as they can do so 7 to 10 % slower if their
     * bursts wait for each other.
     */
    private static final int WORTH_IT = 16;

    /** Pieces of guest memory by which receivers are found to be slow. */
    private static final long SLOW = 2L * Share.EFFORT_BUDGET;

    private final Routes routes = new Routes(MOST);
    private final Delivery delivery = new Delivery(MOST);
    private final Share[] senders = new Share[MOST];
    private int count;
    private long bytes;
    private int enough = MOST;
    private int spread = 1;
    private int released;
    private long effort;
    private long deliveryEffort;

    Routes routes() {
        return routes;
    }

    Delivery delivery() {
        return delivery;
    }

    /** An empty burst for what is to be added next. */
    Burst spare() {
        Burst burst = delivery.burst(count);
        burst.clear();
        routes.begin(count);
        return burst;
    }

    /** Adds the {@link #spare} burst, with what was taken from a queue, to be routed. */
    void add(Share sender) {
        senders[count] = sender;
        bytes += delivery.burst(count).bytes();
        count++;
    }

    int count() {
        return count;
    }

    /** Whether it is to be delivered before more is added. */
    boolean isFull() {
        return count >= enough || bytes >= ENOUGH_BYTES || routes.isFull() || standsAlone();
    }

    /**
     * Whether there is only one burst, and so much of it for each receiver that it need not wait for others; for each queue, if receivers divided the
     * frames of the last delivery among theirs.
     */
    private boolean standsAlone() {
        return count == 1 && last().count() >= WORTH_IT * routes.outputs() * spread;
    }

    /** The burst added last. */
    Burst last() {
        return delivery.burst(count - 1);
    }

    Share lastSender() {
        return senders[count - 1];
    }

    /** Takes the burst added last out of here, delivered, and puts another in its place. */
    void replaceLast(Burst empty) {
        count--;
        delivery.exchange(count, empty);
    }

    /** The next sender whose queue is to be released; only while there {@link #isUnreleased} is one. */
    Share release() {
        Share sender = senders[released];
        if (released == 0) {
            // Nobody knows any more for whose frames receivers were slow.
            deliveryEffort = delivery.takeEffort() / count;
        }
        long pieces = delivery.burst(released).effort() + deliveryEffort;
        sender.charge(pieces);
        effort += pieces;
        released++;
        return sender;
    }

    boolean isUnreleased() {
        return released < count;
    }

    /** Begins anew. Where receivers are slow, the turn must not have to wait for the frames of many senders. */
    void clear() {
        enough = effort > SLOW ? 1 : MOST;
        spread = Math.max(1, delivery.takeTurns() / Math.max(1, routes.outputs()));
        count = 0;
        bytes = 0;
        released = 0;
        effort = 0;
        routes.clear();
    }
}
