package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Delivery;
import io.patchbay.core.port.Transmitter;
import java.util.SortedMap;

/**
 * The way to a guest: one receive virtqueue, or several among which the guest's conversations are divided.
 *
 * <p>A conversation goes to the queue pair from which the guest last sent a frame of it; one it has sent nothing of, to a queue chosen by its
 * hash. Either way its frames stay in order. Only queues that run are chosen: one the guest has disabled may be started and have buffers.
 */
final class GuestTransmitter implements Transmitter {

    private static final int NOT_HERE = -1;

    private final GuestRxQueue[] queues;
    /** Where the queue of a pair stands in {@link #queues}. */
    private final int[] placeOfPair = new int[Virtqueues.MAX_PAIRS];

    private final FlowTable flows;

    /** @param running receive queues by pair, at least one */
    GuestTransmitter(SortedMap<Integer, GuestRxQueue> running, FlowTable flows) {
        this.queues = running.values().toArray(GuestRxQueue[]::new);
        this.flows = flows;
        java.util.Arrays.fill(placeOfPair, NOT_HERE);
        int place = 0;
        for (int pair : running.keySet()) {
            placeOfPair[pair] = place++;
        }
    }

    @Override
    public void transmit(Burst burst, int[] frames, int count) {
        transmitRun(burst, frames, count);
    }

    /** Says how many queues were turned to. */
    private int transmitRun(Burst burst, int[] frames, int count) {
        if (queues.length == 1) {
            queues[0].transmit(burst, frames, count);
            return 1;
        }
        int[] choices = burst.room(0);
        long chosen = 0;
        for (int i = 0; i < count; i++) {
            int place = place(burst, frames[i]);
            choices[i] = place;
            chosen |= 1L << place;
        }
        if (Long.bitCount(chosen) == 1) {
            queues[choices[0]].transmit(burst, frames, count); // mostly a burst is one conversation
            return 1;
        }
        int[] mine = burst.room(1);
        for (long left = chosen; left != 0; left &= left - 1) {
            int place = Long.numberOfTrailingZeros(left);
            int n = 0;
            for (int i = 0; i < count; i++) {
                if (choices[i] == place) {
                    mine[n++] = frames[i];
                }
            }
            queues[place].transmit(burst, mine, n);
        }
        return Long.bitCount(chosen);
    }

    @Override
    public void transmit(Delivery delivery) {
        if (delivery.isOfOneBurst()) {
            // As those of two guests that talk: the way that needs no look at where each frame lies.
            while (delivery.nextRun()) {
                int turns = transmitRun(delivery.burst(), delivery.frames(), delivery.count());
                delivery.turnedTo(queues.length == 1 ? 0 : turns);
            }
        } else if (queues.length == 1) {
            queues[0].transmit(delivery, delivery.left());
        } else {
            transmitDivided(delivery);
        }
    }

    /** Turns to each queue once for the frames of all bursts. */
    private void transmitDivided(Delivery delivery) {
        delivery.beginChoice();
        boolean complete = false;
        try {
            while (delivery.next()) {
                delivery.choose(place(delivery.burst(), delivery.frame()));
            }
            complete = true;
        } finally {
            delivery.order();
            if (!complete) {
                queues[0].lost(1);
            }
        }
        for (int place = 0; place < queues.length; place++) {
            int frames = delivery.chosen(place);
            if (frames > 0) {
                queues[place].transmit(delivery, frames);
                delivery.turnedTo(1);
            }
        }
    }

    private int place(Burst burst, int frame) {
        int hash = burst.hasFlows() ? burst.flows()[frame] : FlowHash.of(burst, frame);
        int pair = flows.pair(hash);
        int place = pair == FlowTable.UNKNOWN ? NOT_HERE : placeOfPair[pair];
        return place == NOT_HERE ? (int) (((hash & 0xffff_ffffL) * queues.length) >>> 32) : place;
    }
}
