package io.patchbay.testbed.bench;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.linux.Affinity;
import io.patchbay.core.worker.IdlePolicy;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.frontend.QueuePair;
import io.patchbay.vhost.frontend.SplitDriverRing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;

/**
 * Four queue pairs of guests under one worker and under two, on a machine that has no third processor for the guests: they fill long rings beforehand,
 * and sleep while these are emptied. Run by {@code testbed/bench/in-process TwoWorkersBench}.
 */
final class TwoWorkersBench implements AutoCloseable {

    /** Who sends to whom, and from which worker. */
    private enum Layout {
        /** Pairs of guests, both at one worker. */
        OWN("partners at the same worker"),
        /** Pairs of guests, each at another worker. */
        CROSSING("partners at different workers"),
        /** Each of four guests to any of the others, so that workers meet at receive queues. */
        ANY("any to any"),
        /** Two guests with two queue pairs each, of which one is at each worker. */
        QUEUES("two guests with two queue pairs"),
        /** Pairs of guests; the two workers are those of two switches, which have nothing in common. This is what the machine can do. */
        APART("two switches");

        private final String inWords;

        Layout(String inWords) {
            this.inWords = inWords;
        }
    }

    private static final int QUEUE = 16_384;
    private static final int FRAMES = 12_000;
    private static final int BYTES = 64;
    private static final int ENDS = 4;
    private static final long NAP_NANOS = 20_000;
    private static final long PATIENCE_NANOS = 2_000_000_000L;

    /** One queue pair, and the address of its guest. */
    private record End(QueuePair queue, long address) {

        SplitDriverRing received() {
            return (SplitDriverRing) queue.receiveRing();
        }
    }

    private final Layout layout;
    private final List<BenchSwitch> switches = new ArrayList<>();
    private final List<FrontEnd> guests = new ArrayList<>();
    private final List<End> ends = new ArrayList<>();
    private final SplittableRandom random = new SplittableRandom(1);
    private final Reader reader = new Reader();
    private long lastNanos;

    private TwoWorkersBench(Layout layout, int workers) throws Exception {
        this.layout = layout;
        if (layout == Layout.APART && workers == 2) {
            open(2, 0);
            open(2, 1);
        } else {
            open(layout == Layout.QUEUES ? 2 : ENDS, workers == 1 ? new int[] {0} : new int[] {0, 1});
        }
        connect();
        for (int i = 0; i < ENDS; i++) {
            introduce(i);
        }
    }

    private void open(int ports, int... processors) throws Exception {
        IdlePolicy idle = new IdlePolicy.Adaptive(Duration.ofNanos(50_000));
        switches.add(BenchSwitch.start(ports, new MacTable(64, 300), idle, processors));
    }

    /** Queue pair {@code i} is one of guest {@code i / 2} if there are two guests, and otherwise that of port {@code i}, of both switches in turn. */
    private void connect() throws Exception {
        FrontEndSettings settings = FrontEndSettings.MODERN.withSizes(QUEUE, 128);
        for (int i = 0; i < ENDS; i++) {
            if (layout == Layout.QUEUES && i % 2 == 1) {
                ends.add(new End(guests.getLast().pair(1), ends.getLast().address()));
                continue;
            }
            BenchSwitch mine = switches.get(i % switches.size());
            int port = layout == Layout.QUEUES ? i / 2 : i / switches.size();
            int pairs = layout == Layout.QUEUES ? 2 : 1;
            guests.add(FrontEnd.connect(mine.socket(port), settings.withQueuePairs(pairs), BYTES));
            ends.add(new End(guests.getLast().pair(0), Traffic.address(i)));
        }
    }

    /** Lets address and conversation be learnt, one after the other: of two workers that learn at the same time one leaves it for the next frame. */
    private void introduce(int end) {
        QueuePair queue = ends.get(end).queue();
        put(end, Traffic.TO_NOBODY);
        queue.showTransmit();
        while (queue.reclaim() == 0) {
            LockSupport.parkNanos(NAP_NANOS);
        }
    }

    /** @param arguments pairs, rounds of each half, and which layouts if not all */
    public static void main(String[] arguments) throws Exception {
        int pairs = Integer.parseInt(arguments[0]);
        int rounds = Integer.parseInt(arguments[1]);
        System.out.println("layout,answer_ns,one_ns,two_ns,ratio");
        Affinity.pinCurrentThread(1);
        List<String> wanted = Arrays.asList(arguments).subList(2, arguments.length);
        for (Layout layout : Layout.values()) {
            if (wanted.isEmpty() || wanted.contains(layout.name())) {
                run(layout, pairs, rounds);
            }
        }
    }

    private static void run(Layout layout, int pairs, int rounds) throws Exception {
        try (TwoWorkersBench one = new TwoWorkersBench(layout, 1);
                TwoWorkersBench two = new TwoWorkersBench(layout, 2)) {
            one.half(2 * rounds);
            two.half(2 * rounds);
            for (int pair = 0; pair < pairs; pair++) {
                long answer = OtherProcessor.answerNanos(0, 1);
                Halves<Double> took = Halves.measure(pair, () -> one.half(rounds), () -> two.half(rounds));
                System.out.printf(
                        "%s,%d,%.1f,%.1f,%.3f%n",
                        layout.inWords, answer, took.first(), took.second(), Halves.ratio(took));
            }
        }
    }

    /** Nanoseconds per frame, by a round that is slower than a tenth of them: two workers have no processor to leave to whatever else runs. */
    private double half(int rounds) {
        long[] nanos = new long[rounds];
        for (int i = 0; i < rounds; i++) {
            nanos[i] = round();
        }
        Arrays.sort(nanos);
        return nanos[rounds / 10] / (double) (ENDS * FRAMES);
    }

    private long round() {
        int[] wanted = fill();
        long start = System.nanoTime();
        showAll();
        // While both processors work, looking takes time from one of them: most of what it will take is slept through,
        // if to show the rings has not taken that long already, because a worker that was woken has the processor.
        LockSupport.parkNanos(start + lastNanos * 3 / 4 - System.nanoTime());
        while (!haveCome(wanted)) {
            LockSupport.parkNanos(NAP_NANOS);
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new IllegalStateException("frames of a round did not come; dropped so far: " + dropped());
            }
        }
        lastNanos = System.nanoTime() - start;
        ends.forEach(end -> reader.takeAll(end.queue()));
        return lastNanos;
    }

    /** A worker that is woken may take this processor at once: before that all is shown, and the worker on the other processor is woken first. */
    private void showAll() {
        List<QueuePair> asleep = new ArrayList<>();
        for (End end : ends) {
            if (end.queue().transmitRing().publish()) {
                asleep.add(end.queue());
            }
        }
        asleep.forEach(QueuePair::kickTransmit);
    }

    /** Fills all transmit rings, and gives for each receive ring where its used index will be. */
    private int[] fill() {
        int[] wanted = new int[ENDS];
        for (int i = 0; i < ENDS; i++) {
            wanted[i] += ends.get(i).received().usedIndex();
            ends.get(i).queue().reclaim();
            for (int n = 0; n < FRAMES; n++) {
                int partner = partner(i);
                put(i, ends.get(partner).address());
                wanted[partner]++;
            }
        }
        return wanted;
    }

    private int partner(int end) {
        return switch (layout) {
            case OWN, QUEUES, APART -> end ^ 2;
            case CROSSING -> end ^ 1;
            case ANY -> (end + 1 + random.nextInt(ENDS - 1)) % ENDS;
        };
    }

    /** What the queue pairs of two guests with the same number exchange is a conversation of theirs. */
    private void put(int end, long destination) {
        Datagram.put(ends.get(end).queue(), BYTES, destination, ends.get(end).address(), end % 2);
    }

    private boolean haveCome(int[] wanted) {
        for (int i = 0; i < ENDS; i++) {
            if (ends.get(i).received().usedIndex() != (wanted[i] & 0xffff)) {
                return false;
            }
        }
        return true;
    }

    private long dropped() {
        return switches.stream().mapToLong(BenchSwitch::dropped).sum();
    }

    @Override
    public void close() throws Exception {
        guests.forEach(FrontEnd::close);
        for (BenchSwitch opened : switches) {
            opened.close();
        }
    }
}
