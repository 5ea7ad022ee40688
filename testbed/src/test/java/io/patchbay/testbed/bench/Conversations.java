package io.patchbay.testbed.bench;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.port.PortException;
import io.patchbay.testbed.bench.Traffic.Pattern;
import io.patchbay.testbed.bench.Traffic.Shape;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.frontend.QueuePair;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * Two guests with an address and several queue pairs each. A conversation of theirs is sent from one queue pair of the one guest and from one of the
 * other, so that the switch delivers it there: queue pairs with the same number have one ({@link Pattern#PAIRS}), or each of the one guest has one with
 * each of the other ({@link Pattern#UNIFORM}), and frames are of any of them.
 */
final class Conversations implements Load {

    private static final int QUEUE = 256;
    private static final int PER_QUEUE = 128;
    private static final int BUFFER = 128;

    private final Shape shape;
    private final BenchSwitch board;
    private final List<FrontEnd> guests = new ArrayList<>();
    private final Rounds rounds = new Rounds();
    private final SplittableRandom random = new SplittableRandom(1);

    private Conversations(Shape shape, BenchSwitch board) {
        this.shape = shape;
        this.board = board;
    }

    /** @param processors one per worker */
    static Conversations start(Shape shape, MacTable macs, int... processors)
            throws IOException, PortException, InterruptedException {
        BenchSwitch board = BenchSwitch.start(2, macs, BenchSwitch.SLEEPS_BETWEEN_BLOCKS, processors);
        Conversations made = new Conversations(shape, board);
        FrontEndSettings settings =
                FrontEndSettings.MODERN.withSizes(QUEUE, BUFFER).withQueuePairs(shape.queuePairs());
        for (int guest = 0; guest < 2; guest++) {
            FrontEnd connected = FrontEnd.connect(board.socket(guest), settings, shape.bytes());
            made.guests.add(connected);
            for (int pair = 0; pair < shape.queuePairs(); pair++) {
                made.rounds.add(connected.pair(pair));
            }
        }
        made.learnAll();
        return made;
    }

    /** Every queue pair sends a frame of each of its conversations. */
    private void learnAll() {
        for (int guest = 0; guest < 2; guest++) {
            for (int pair = 0; pair < shape.queuePairs(); pair++) {
                for (int other = 0; other < shape.queuePairs(); other++) {
                    if (shape.pattern() == Pattern.UNIFORM || other == pair) {
                        put(guest, pair, other, Traffic.TO_NOBODY);
                    }
                }
            }
        }
        rounds.swallow();
    }

    private void put(int guest, int pair, int otherPair, long destination) {
        int conversation = guest == 0 ? pair * shape.queuePairs() + otherPair : otherPair * shape.queuePairs() + pair;
        QueuePair queue = guests.get(guest).pair(pair);
        Datagram.put(queue, shape.bytes(), destination, Traffic.address(guest), conversation);
    }

    private void fill(int guest, int pair, int frames) {
        QueuePair queue = guests.get(guest).pair(pair);
        queue.reclaim();
        if (queue.transmitRing().free() < frames) {
            throw new IllegalStateException("the switch keeps buffers of guest " + guest + ", queue pair " + pair);
        }
        for (int i = 0; i < frames; i++) {
            int other = shape.pattern() == Pattern.PAIRS ? pair : random.nextInt(shape.queuePairs());
            put(guest, pair, other, Traffic.address(1 - guest));
        }
    }

    private long frames() {
        return 2L * shape.queuePairs() * PER_QUEUE;
    }

    private long single() {
        fill(0, 0, 1);
        return rounds.drain(1);
    }

    private long round() {
        for (int guest = 0; guest < 2; guest++) {
            for (int pair = 0; pair < shape.queuePairs(); pair++) {
                fill(guest, pair, PER_QUEUE);
            }
        }
        return rounds.drain(frames());
    }

    @Override
    public double block(long nanos) {
        return rounds.block(nanos, frames(), this::single, this::round);
    }

    @Override
    public long lost() {
        return rounds.lost();
    }

    @Override
    public void close() throws IOException {
        guests.forEach(FrontEnd::close);
        board.close();
    }
}
