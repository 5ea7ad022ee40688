package io.patchbay.testbed.bench;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.worker.IdlePolicy;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.frontend.SplitDriverRing;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;

/**
 * Two pairs of guests under one worker and under two, on a machine that has no third processor for the guests: they fill long rings beforehand, and
 * sleep while these are emptied. Run by {@code testbed/bench/in-process TwoWorkersBench}.
 */
final class TwoWorkersBench implements AutoCloseable {

    private static final int QUEUE = 16_384;
    private static final int FRAMES = 12_000;
    private static final int BYTES = 64;
    private static final int PORTS = 4;
    private static final long NAP_NANOS = 50_000;
    private static final long PATIENCE_NANOS = 2_000_000_000L;

    private final BenchSwitch board;
    private final Stations[] guests = new Stations[PORTS];
    private final int distance;

    private TwoWorkersBench(int distance, int... processors) throws Exception {
        this.distance = distance;
        board = BenchSwitch.start(
                PORTS, new MacTable(64, 300), new IdlePolicy.Adaptive(Duration.ofNanos(50_000)), processors);
        for (int i = 0; i < PORTS; i++) {
            FrontEndSettings settings = new FrontEndSettings(FrontEndSettings.MODERN.features(), QUEUE, 128);
            guests[i] = new Stations(board.socket(i), settings, BYTES);
            guests[i].put(0x0180_c200_0003L, Traffic.address(i), BYTES); // to be learnt
            guests[i].show();
        }
    }

    /** @param arguments pairs, rounds of each half */
    public static void main(String[] arguments) throws Exception {
        int pairs = Integer.parseInt(arguments[0]);
        int rounds = Integer.parseInt(arguments[1]);
        System.out.println("partners,one_ns,two_ns,ratio");
        run("served by one worker each", 2, pairs, rounds);
        run("served by the two workers", 1, pairs, rounds);
    }

    private static void run(String name, int distance, int pairs, int rounds) throws Exception {
        try (TwoWorkersBench one = new TwoWorkersBench(distance, 0);
                TwoWorkersBench two = new TwoWorkersBench(distance, 0, 1)) {
            one.half(2 * rounds);
            two.half(2 * rounds);
            for (int pair = 0; pair < pairs; pair++) {
                Halves<Double> took = Halves.measure(pair, () -> one.half(rounds), () -> two.half(rounds));
                System.out.printf("%s,%.1f,%.1f,%.3f%n", name, took.first(), took.second(), Halves.ratio(took));
            }
        }
    }

    /** Nanoseconds per frame, by the median of rounds. */
    private double half(int rounds) {
        long[] nanos = new long[rounds];
        for (int i = 0; i < rounds; i++) {
            nanos[i] = round();
        }
        return Traffic.median(nanos, rounds) / (double) (PORTS * FRAMES);
    }

    private long round() {
        int[] wanted = new int[PORTS];
        for (int i = 0; i < PORTS; i++) {
            int partner = i ^ distance;
            wanted[partner] = received(partner).usedIndex() + FRAMES & 0xffff;
            guests[i].free();
            for (int n = 0; n < FRAMES; n++) {
                guests[i].put(Traffic.address(partner), Traffic.address(i), BYTES);
            }
        }
        long start = System.nanoTime();
        for (Stations guest : guests) {
            guest.show();
        }
        while (!haveCome(wanted)) {
            LockSupport.parkNanos(NAP_NANOS);
            if (System.nanoTime() - start > PATIENCE_NANOS) {
                throw new IllegalStateException("frames of a round did not come; dropped so far: " + board.dropped());
            }
        }
        long nanos = System.nanoTime() - start;
        for (Stations guest : guests) {
            guest.take();
        }
        return nanos;
    }

    private boolean haveCome(int[] wanted) {
        for (int i = 0; i < PORTS; i++) {
            if (received(i).usedIndex() != wanted[i]) {
                return false;
            }
        }
        return true;
    }

    private SplitDriverRing received(int guest) {
        return (SplitDriverRing) guests[guest].frontEnd().receiveRing();
    }

    @Override
    public void close() throws Exception {
        for (Stations guest : guests) {
            guest.close();
        }
        board.close();
    }
}
