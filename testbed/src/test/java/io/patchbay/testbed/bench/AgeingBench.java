package io.patchbay.testbed.bench;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.linux.Affinity;
import io.patchbay.testbed.bench.Traffic.Pattern;
import io.patchbay.testbed.bench.Traffic.Shape;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** How long a worker's turns take while a hundred thousand addresses age out together and are learnt again. Run by {@code testbed/bench/in-process AgeingBench}. */
final class AgeingBench {

    private static final int MACS = 100_000;
    private static final int PORTS = 64;
    private static final int AGEING_SECONDS = 2;
    private static final long SECOND = 1_000_000_000L;
    private static final long BARE_TURN_NANOS = 200_000;
    private static final int WORKER_PROCESSOR = 0;

    private AgeingBench() {}

    /** @param arguments how often */
    public static void main(String[] arguments) throws Exception {
        Affinity.pinCurrentThread(1);
        MacTable macs = new MacTable(131_072, AGEING_SECONDS);
        try (OwnSwitch started = OwnSwitch.start(new Shape(PORTS, MACS, 64, Pattern.UNIFORM), macs, WORKER_PROCESSOR);
                ScheduledExecutorService clock = Executors.newSingleThreadScheduledExecutor()) {
            Traffic traffic = started.guests();
            long start = System.nanoTime();
            TurnClock turns = new TurnClock(started.board().worker(0));
            traffic.meanwhile(turns::look);
            run(traffic, SECOND, false); // compiled
            clock.scheduleAtFixedRate(
                    () -> tick(macs, (int) ((System.nanoTime() - start) / SECOND)), 1, 1, TimeUnit.SECONDS);
            for (int n = 0; n < Integer.parseInt(arguments[0]); n++) {
                turns.report();
                run(traffic, 2 * SECOND, false);
                say("all of " + macs.statistics().entries() + " known and talking", turns);
                System.out.printf(
                        "%-45s %s%n",
                        "nothing but a loop, in turns of " + BARE_TURN_NANOS / 1000 + " µs", bare(traffic));
                turns.report();
                run(traffic, SECOND, true);
                say("two of them talking", turns);
                run(traffic, (AGEING_SECONDS + 2) * SECOND, true);
                say("the others age out, " + macs.statistics().entries() + " are left", turns);
                for (int i = 0; i < PORTS; i++) {
                    traffic.guest(i).take();
                }
                traffic.learnAll();
                say("all are learnt again, " + macs.statistics().entries() + " are known", turns);
            }
            clock.shutdownNow();
        }
    }

    private static void tick(MacTable macs, int seconds) {
        long before = System.nanoTime();
        long aged = macs.statistics().aged();
        macs.tick(seconds);
        aged = macs.statistics().aged() - aged;
        if (aged > 0) {
            System.out.printf("  a tick forgot %d in %.1f ms%n", aged, (System.nanoTime() - before) / 1e6);
        }
    }

    private static void run(Traffic traffic, long nanos, boolean onlyTwo) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            if (onlyTwo) {
                traffic.ping();
            } else {
                traffic.round();
            }
        }
    }

    /** The worker sleeps meanwhile, and its guests are looked at all the same. */
    private static String bare(Traffic traffic) throws InterruptedException {
        return BareTurns.take(
                        WORKER_PROCESSOR,
                        BARE_TURN_NANOS,
                        SECOND,
                        () -> traffic.guest(0).take())
                .report();
    }

    private static void say(String phase, TurnClock turns) {
        System.out.printf("%-45s %s%n", phase, turns.report());
    }
}
