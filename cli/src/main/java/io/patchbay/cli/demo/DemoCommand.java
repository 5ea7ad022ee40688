package io.patchbay.cli.demo;

import io.patchbay.cli.local.LocalSwitch;
import io.patchbay.core.control.Daemon;
import io.patchbay.core.control.DaemonException;
import io.patchbay.core.control.Totals;
import io.patchbay.core.control.config.ConfigException;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code patchbay demo}: the main job, on one machine, by anybody. */
@Command(
        name = "demo",
        description = "Run a switch with built-in guests that exchange frames and check every one.",
        mixinStandardHelpOptions = true)
public final class DemoCommand implements Callable<Integer> {

    private static final int SETTLE_MILLIS = 300;

    @Spec
    private @Nullable CommandSpec spec;

    @Option(names = "--seconds", description = "Stop after so long; default: run until Ctrl-C.")
    private Optional<Integer> seconds = Optional.empty();

    @Option(names = "--ports", defaultValue = "3", description = "Guests, 2 to 16; default: ${DEFAULT-VALUE}.")
    private int ports = 3;

    @Option(names = "--frame-size", defaultValue = "256", description = "Bytes, 60 to 1514; default: ${DEFAULT-VALUE}.")
    private int frameBytes = 256;

    @Override
    public Integer call() throws IOException, InterruptedException, ConfigException, DaemonException {
        if (ports < 2 || ports > 16 || frameBytes < DemoFrame.MIN_BYTES || frameBytes > 1514) {
            throw bad("--ports is 2 to 16, --frame-size is 60 to 1514");
        }
        if (seconds.isPresent() && seconds.get() < 1) {
            throw bad("--seconds is at least 1");
        }
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch finished = new CountDownLatch(1);
        Thread hook = Thread.ofPlatform().unstarted(() -> {
            stop.countDown();
            awaitEnd(finished);
        });
        Runtime.getRuntime().addShutdownHook(hook);
        try (LocalSwitch local = LocalSwitch.start(ports)) {
            return exchange(local, stop);
        } finally {
            finished.countDown();
        }
    }

    private ParameterException bad(String what) {
        return new ParameterException(Objects.requireNonNull(spec).commandLine(), what);
    }

    private static void awaitEnd(CountDownLatch finished) {
        try {
            finished.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private int exchange(LocalSwitch local, CountDownLatch stop) throws IOException, InterruptedException {
        Daemon daemon = local.daemon();
        System.out.printf(
                "patchbay demo: %d guests send each other frames of %d bytes as fast as they can; what a guest has no buffer"
                        + " for is dropped; admin socket %s%n",
                ports, frameBytes, local.adminSocket());
        List<FrontEnd> frontEnds = new ArrayList<>();
        List<DemoGuest> guests = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        try {
            for (int i = 0; i < ports; i++) {
                FrontEnd frontEnd = FrontEnd.connect(local.socket(i), FrontEndSettings.MODERN, frameBytes);
                frontEnds.add(frontEnd);
                guests.add(new DemoGuest(frontEnd, i, ports, frameBytes));
            }
            for (DemoGuest guest : guests) {
                threads.add(Thread.ofPlatform().name("guest").daemon().start(guest));
            }
            watch(daemon, guests, stop);
            guests.forEach(DemoGuest::hush);
            TimeUnit.MILLISECONDS.sleep(SETTLE_MILLIS);
            return conclude(daemon.totals(), guests);
        } finally {
            guests.forEach(DemoGuest::stop);
            for (Thread thread : threads) {
                thread.join();
            }
            frontEnds.forEach(FrontEnd::close);
        }
    }

    private void watch(Daemon daemon, List<DemoGuest> guests, CountDownLatch stop) throws InterruptedException {
        Totals before = daemon.totals();
        for (int second = 1; seconds.isEmpty() || second <= seconds.get(); second++) {
            boolean stopped = stop.await(1, TimeUnit.SECONDS);
            Totals now = daemon.totals();
            System.out.printf(
                    "%4d s  received %,d/s  delivered %,d/s  dropped %,d/s  addresses %d  damaged %d%n",
                    second,
                    now.received() - before.received(),
                    now.delivered() - before.delivered(),
                    now.dropped() - before.dropped(),
                    daemon.status().addresses(),
                    sum(guests, DemoGuest::damaged));
            before = now;
            if (stopped) {
                return;
            }
        }
    }

    private int conclude(Totals totals, List<DemoGuest> guests) {
        long received = sum(guests, DemoGuest::received);
        long damaged = sum(guests, DemoGuest::damaged);
        long outOfOrder = sum(guests, DemoGuest::outOfOrder);
        boolean good = received > 0
                && damaged == 0
                && outOfOrder == 0
                && totals.balance()
                && totals.received() == sum(guests, DemoGuest::sent)
                && totals.delivered() == received;
        System.out.printf(
                "guests sent %,d and received %,d frames: %d damaged, %d out of order%n"
                        + "switch received %,d + %,d flood copies = delivered %,d + dropped %,d: %s%n%s%n",
                sum(guests, DemoGuest::sent),
                received,
                damaged,
                outOfOrder,
                totals.received(),
                totals.floodCopies(),
                totals.delivered(),
                totals.dropped(),
                totals.balance() ? "the sums balance" : "THE SUMS DO NOT BALANCE",
                good ? "all frames were intact" : "FAILED");
        return good ? 0 : 1;
    }

    private static long sum(List<DemoGuest> guests, ToLongFunction<DemoGuest> what) {
        return guests.stream().mapToLong(what).sum();
    }
}
