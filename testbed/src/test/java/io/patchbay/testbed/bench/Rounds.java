package io.patchbay.testbed.bench;

import io.patchbay.vhost.frontend.QueuePair;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/** Frames that stand in guests' rings are shown to the switch all at once, and waited for. Confined to one thread. */
final class Rounds {

    private static final long PATIENCE_NANOS = 5_000_000_000L;
    private static final long SETTLED_NANOS = 60_000_000L;

    private final List<QueuePair> queues = new ArrayList<>();
    private Runnable meanwhile = () -> {};
    private long lost;

    void add(QueuePair queue) {
        queues.add(queue);
    }

    /** What is done again and again while frames are waited for. */
    void meanwhile(Runnable action) {
        meanwhile = action;
    }

    Runnable meanwhile() {
        return meanwhile;
    }

    /** Nanoseconds until so many frames have arrived that were put into the transmit rings. */
    long drain(long frames) {
        long start = System.nanoTime();
        for (int i = 0; i < queues.size(); i++) {
            queues.get(i).showTransmit();
        }
        long left = frames;
        while (left > 0) {
            for (int i = 0; i < queues.size(); i++) {
                left -= queues.get(i).takeAll();
            }
            meanwhile.run();
            if (left > 0 && System.nanoTime() - start > PATIENCE_NANOS) {
                lost += left;
                break;
            }
        }
        return System.nanoTime() - start;
    }

    /** Shows frames that nobody is to get, and waits until the switch is done with them. */
    void swallow() {
        queues.forEach(QueuePair::showTransmit);
        for (QueuePair queue : queues) {
            while (queue.transmitRing().free() < queue.transmitRing().size()) {
                queue.reclaim();
                meanwhile.run();
            }
        }
    }

    /** Frames that did not arrive. */
    long lost() {
        return lost;
    }

    /**
     * Nanoseconds per frame: the median of the rounds of a block, less what the first frame takes, whose way is not the worker's work.
     *
     * @param frames of a round
     * @param single takes a round of one frame
     */
    double block(long nanos, long frames, LongSupplier single, LongSupplier round) {
        long end = System.nanoTime() + nanos;
        long[] rounds = new long[1 << 16];
        long[] singles = new long[1 << 16];
        int n = 0;
        settle(round);
        do {
            singles[n] = single.getAsLong();
            rounds[n] = round.getAsLong();
            n++;
        } while (System.nanoTime() < end && n < rounds.length);
        return (median(rounds, n) - median(singles, n)) / (double) (frames - 1);
    }

    /** Until the worker is awake, and one that was used before has gone to sleep. */
    private static void settle(LongSupplier round) {
        long end = System.nanoTime() + SETTLED_NANOS;
        while (System.nanoTime() < end) {
            round.getAsLong();
        }
    }

    static long median(long[] values, int n) {
        long[] sorted = Arrays.copyOf(values, n);
        Arrays.sort(sorted);
        return sorted[n / 2];
    }
}
