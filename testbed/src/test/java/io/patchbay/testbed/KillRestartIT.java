package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.ring.RingLayout;
import io.patchbay.vhost.wire.Feature;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The daemon is killed with SIGKILL under load and started again. {@code -Dpatchbay.kills=20} does it more often; {@code bench/kill-restart} is
 * that, with the figures.
 */
@Timeout(400)
class KillRestartIT {

    private static final int KILLS = Integer.getInteger("patchbay.kills", 2);
    private static final int FRAMES_PER_SECOND = 4000;
    private static final int LARGEST_BURST = 64;
    private static final Duration SOON = Duration.ofSeconds(60);

    private static void awaitThat(String what, BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + SOON.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    private static String serverPort(int guest) {
        return "{\"name\":\"vm%d\",\"type\":\"vhost-user\",\"socket\":\"%s/vm%d.sock\"}"
                .formatted(guest, DaemonProcess.DIRECTORY, guest);
    }

    private static FrontEnd connect(DaemonProcess daemon, RingLayout layout, int guest, int queueSize)
            throws Exception {
        FrontEndSettings split = FrontEndSettings.MODERN.withSizes(queueSize, 2048);
        FrontEndSettings settings = layout == RingLayout.PACKED ? split.with(Feature.VIRTIO_F_RING_PACKED) : split;
        long end = System.nanoTime() + SOON.toNanos();
        while (true) {
            try {
                return FrontEnd.connect(daemon.path("vm" + guest + ".sock").toString(), settings, 256);
            } catch (IOException | RuntimeException e) {
                if (System.nanoTime() > end) {
                    throw new AssertionError(daemon.log(), e);
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }

    /** Every frame that was put into the guest's ring arrives, whenever the daemon dies; those of the burst in its hands may arrive twice. */
    @ParameterizedTest
    @EnumSource(RingLayout.class)
    void noFrameIsLostOrDamagedAndAtMostABurstComesTwicePerKill(RingLayout layout) throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(List.of(serverPort(0), serverPort(1)));
                // The receiver has room for all that the sender can have waiting when the switch comes back.
                FrontEnd first = connect(daemon, layout, 0, 1024);
                FrontEnd second = connect(daemon, layout, 1, 4096)) {
            NumberedGuest sender = new NumberedGuest(daemon.path("vm0.sock").toString(), first, FRAMES_PER_SECOND);
            NumberedGuest receiver = new NumberedGuest(daemon.path("vm1.sock").toString(), second, 0);
            List<NumberedGuest> guests = List.of(sender, receiver);
            // The receiver first, or there is nobody to flood to and the first frames rightly go nowhere.
            List<Thread> threads = new ArrayList<>();
            for (NumberedGuest guest : List.of(receiver, sender)) {
                threads.add(Thread.ofPlatform().daemon().start(guest));
            }
            LongSummaryStatistics gaps = new LongSummaryStatistics();
            try {
                for (int kill = 1; kill <= KILLS; kill++) {
                    long before = receiver.received();
                    awaitThat("frames pass", () -> receiver.received() > before + FRAMES_PER_SECOND / 2);
                    receiver.takeLongestGapMillis();
                    daemon.kill();
                    daemon.startAgain();
                    receiver.lose();
                    awaitThat("the receiver is back", () -> !receiver.isLost());
                    sender.lose();
                    long after = receiver.received();
                    awaitThat("frames pass again", () -> receiver.received() > after + 10);
                    gaps.accept(receiver.takeLongestGapMillis());
                }
                sender.hush();
                awaitThat("all have come", () -> receiver.received() + receiver.damaged() >= sender.sent());
            } catch (AssertionError e) {
                throw new AssertionError(
                        "sender: %s%nreceiver: %s%n%s%n%s%n%s%n%s"
                                .formatted(
                                        sender,
                                        receiver,
                                        daemon.ask("port show vm0"),
                                        daemon.ask("port show vm1"),
                                        daemon.ask("stats"),
                                        daemon.log()),
                        e);
            } finally {
                guests.forEach(NumberedGuest::stop);
                for (Thread thread : threads) {
                    thread.join();
                }
                System.out.printf(
                        "numbered frames, %s rings, %d kills: sent %d, lost %d, duplicate %d, damaged %d; gap %.0f ms on average, %d at most%n",
                        layout,
                        KILLS,
                        sender.sent(),
                        sender.sent() - receiver.received(),
                        receiver.duplicates(),
                        receiver.damaged(),
                        gaps.getAverage(),
                        gaps.getMax());
            }
            assertThat(receiver.damaged()).isZero();
            assertThat(receiver.received()).isEqualTo(sender.sent());
            assertThat(receiver.duplicates()).isLessThanOrEqualTo((long) KILLS * LARGEST_BURST);
        }
    }
}
