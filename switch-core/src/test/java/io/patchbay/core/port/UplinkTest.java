package io.patchbay.core.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(20)
class UplinkTest {

    private final FakeUplinkDevice device = new FakeUplinkDevice();
    private final RecordingContext context = new RecordingContext();
    private final Uplink uplink = new Uplink("up", device);

    @AfterEach
    void close() {
        uplink.close();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    @Test
    void aDeviceInUseIsPublishedAndSaysHowItStands() throws Exception {
        uplink.start(context);
        assertThat(context.published).containsExactly(device.queues);
        assertThat(uplink.status()).isEqualTo(PortStatus.up("device fake0 is up"));
        assertThat(uplink.details())
                .isEqualTo(new UplinkDetails(
                        "device fake0",
                        "",
                        "02:00:00:00:00:01",
                        1500,
                        true,
                        true,
                        new UplinkDetails.Room("drop", 0, 0, 0, 0)));
    }

    @Test
    void aDeviceThatIsDownOrHasNoCarrierIsReported() throws Exception {
        uplink.start(context);
        device.link = Optional.of(FakeUplinkDevice.link(false, false));
        device.trouble.run();
        await(() -> uplink.status().equals(PortStatus.down("device fake0 is down")));
        device.link = Optional.of(FakeUplinkDevice.link(true, false));
        device.trouble.run();
        await(() -> uplink.status().equals(PortStatus.down("device fake0 has no carrier")));
        assertThat(device.released).as("a device that is down is kept").hasValue(0);
    }

    @Test
    void theLogTellsThatALinkWasLostAndThatItIsBack() throws Exception {
        try (LogLines log = LogLines.of(Uplink.class)) {
            uplink.start(context);
            device.link = Optional.of(FakeUplinkDevice.link(true, false));
            device.trouble.run();
            await(() -> !uplink.status().up());
            device.trouble.run();
            device.comeBack();
            await(() -> uplink.status().up());
            await(() -> log.lines().size() >= 3);
            assertThat(log.lines())
                    .containsExactly(
                            "INFO port up: device fake0 is up",
                            "WARN port up: device fake0 has no carrier",
                            "INFO port up: device fake0 is up");
        }
    }

    @Test
    void theLogDoesNotTellWhatTheOperatorHasDone() throws Exception {
        device.hasCable = true;
        uplink.start(context);
        try (LogLines log = LogLines.of(Uplink.class)) {
            device.link = Optional.of(FakeUplinkDevice.link(true, false)); // as the kernel shows a tap that is shut
            uplink.setEnabled(false);
            assertThat(uplink.status().up()).isFalse();
            assertThat(log.lines()).isEmpty();
        }
    }

    @ParameterizedTest(name = "up {0}")
    @ValueSource(booleans = {true, false})
    void aDeviceThatLosesItsLinkIsReadButNotSentToUntilItHasOneAgain(boolean up) throws Exception {
        uplink.start(context);
        device.link = Optional.of(FakeUplinkDevice.link(up, false));
        device.trouble.run();
        await(() -> !uplink.status().up());
        await(() -> context.published.size() == 2);
        assertThat(context.published.getLast()).isEqualTo(device.withoutTransmitter());
        device.comeBack();
        await(() -> uplink.status().up());
        await(() -> context.published.size() == 3);
        assertThat(context.published.getLast()).isEqualTo(device.queues);
        assertThat(device.attached).hasValue(1);
    }

    @Test
    void aDeviceWithoutALinkAtTheStartIsReadButNotSentTo() throws Exception {
        device.link = Optional.of(FakeUplinkDevice.link(true, false));
        uplink.start(context);
        assertThat(context.published).containsExactly(device.withoutTransmitter());
    }

    @Test
    void whatWasLearntBehindALostLinkIsForgottenAndAgainWhenWhatHadComeBeforeIsRead() throws Exception {
        uplink.start(context);
        device.link = Optional.of(FakeUplinkDevice.link(true, false));
        device.trouble.run();
        await(() -> context.forgotten.get() == 1);
        device.trouble.run();
        await(() -> context.forgotten.get() == 2); // and nobody has told it to, but the time
    }

    @Test
    void whatWasLearntOnAPortThatAWorkerCouldNotGoOnWithIsForgotten() throws Exception {
        uplink.start(context);
        uplink.fault(new IllegalStateException("no more"));
        assertThat(context.forgotten).hasValue(1);
    }

    @Test
    void aDeviceThatHasGoneIsLetGoOfAndWhatWasLearntBehindItForgotten() throws Exception {
        uplink.start(context);
        device.goAway();
        await(() -> uplink.status().equals(PortStatus.down("device fake0 has gone; waiting for it to return")));
        assertThat(context.published).containsExactly(device.queues, PortQueues.NONE);
        assertThat(context.forgotten).hasValue(1);
        assertThat(device.released).hasValue(1);
    }

    @Test
    void aDeviceThatReturnsIsTakenIntoUseAgain() throws Exception {
        uplink.start(context);
        device.goAway();
        await(() -> !uplink.status().up());
        device.comeBack();
        await(() -> uplink.status().up());
        assertThat(context.published).containsExactly(device.queues, PortQueues.NONE, device.queues);
        assertThat(device.attached).hasValue(2);
    }

    @Test
    void aDeviceThatIsReplacedAtOnceIsTakenIntoUseAgain() throws Exception {
        uplink.start(context);
        device.there = false;
        device.trouble.run();
        await(() -> device.attached.get() == 2);
        await(() -> uplink.status().up());
        assertThat(device.released).hasValue(1);
    }

    @Test
    void aDeviceThatReturnsButCannotBeUsedYetIsTriedAgain() throws Exception {
        uplink.start(context);
        device.goAway();
        await(() -> !uplink.status().up());
        device.refusal = Optional.of("busy");
        device.comeBack();
        await(() -> uplink.status().reason().contains("busy"));
        device.refusal = Optional.empty();
        await(() -> uplink.status().up()); // and nobody has told it to look
    }

    @Test
    void aDeviceThatCannotBeLookedAtForAMomentIsKeptInUseAndLookedAtAgain() throws Exception {
        uplink.start(context);
        device.blind = true;
        device.trouble.run();
        await(() -> uplink.status().reason().contains("EMFILE"));
        assertThat(uplink.status().up()).isTrue();
        device.blind = false;
        await(() -> uplink.status().reason().equals("device fake0 is up")); // and nobody has told it to look
        assertThat(context.published).containsExactly(device.queues);
        assertThat(context.forgotten).hasValue(0);
        assertThat(device.attached).hasValue(1);
    }

    @Test
    void aDeviceThatCannotBeLookedAtAtTheStartIsSentToAsSoonAsItCan() throws Exception {
        device.blind = true;
        uplink.start(context);
        assertThat(uplink.status().up()).isFalse();
        device.blind = false;
        await(() -> uplink.status().up());
        await(() -> context.published.size() == 2);
        assertThat(context.published).containsExactly(device.withoutTransmitter(), device.queues);
    }

    @Test
    void aDeviceThatCouldNotBeTakenAsThePortWasOpenedIsTriedAgain() throws Exception {
        uplink.start(context);
        uplink.setEnabled(false);
        device.refusal = Optional.of("busy");
        assertThatThrownBy(() -> uplink.setEnabled(true)).hasMessageContaining("busy");
        device.refusal = Optional.empty();
        await(() -> context.published.getLast().equals(device.queues)); // and nobody has told it to look
    }

    @Test
    void aDeviceThatWasRenamedOrMovedIsKept() throws Exception {
        uplink.start(context);
        device.link = Optional.empty();
        device.trouble.run();
        await(() -> uplink.status().reason().contains("renamed"));
        assertThat(uplink.status().up()).isTrue();
        assertThat(device.released).hasValue(0);
    }

    @Test
    void aPortThatIsNotEnabledHoldsItsDeviceAndCarriesNothing() throws Exception {
        uplink.setEnabled(false);
        uplink.start(context);
        assertThat(context.published).containsExactly(PortQueues.NONE);
        assertThat(device.attached).hasValue(1);
    }

    @Test
    void aDeviceWithoutACableOfOursIsLetGoOfAndTakenAgainAsThePortIsShutAndOpened() throws Exception {
        uplink.start(context);
        uplink.setEnabled(false);
        assertThat(context.published).containsExactly(device.queues, PortQueues.NONE, PortQueues.NONE);
        assertThat(device.released).hasValue(1);
        uplink.setEnabled(true);
        assertThat(context.published.getLast()).isEqualTo(device.queues);
        assertThat(device.released).hasValue(2);
        assertThat(uplink.status().up()).isTrue();
    }

    @Test
    void aDeviceWhoseCableIsOursIsKeptAsThePortIsShutAndOpened() throws Exception {
        device.hasCable = true;
        uplink.start(context);
        uplink.setEnabled(false);
        assertThat(device.cable).isFalse();
        uplink.setEnabled(true);
        assertThat(device.cable).isTrue();
        assertThat(context.published).containsExactly(device.queues);
        assertThat(device.attached).hasValue(1);
        assertThat(device.released).hasValue(0);
    }

    @Test
    void aPortThatIsShutWhileItsDeviceIsAwayTakesItWithoutOpeningIt() throws Exception {
        uplink.start(context);
        device.goAway();
        await(() -> !uplink.status().up());
        uplink.setEnabled(false);
        device.comeBack();
        await(() -> device.attached.get() == 2);
        assertThat(context.published).containsExactly(device.queues, PortQueues.NONE, PortQueues.NONE);
    }

    @Test
    void aPortThatFailedTriesAgainWhenItIsShutAndOpened() throws Exception {
        uplink.start(context);
        uplink.fault(new IllegalStateException("no more"));
        uplink.setEnabled(false);
        assertThat(uplink.status().reason()).contains("no more");
        uplink.setEnabled(true);
        assertThat(uplink.status()).isEqualTo(PortStatus.up("device fake0 is up"));
        assertThat(context.published.getLast()).isEqualTo(device.queues);
    }

    @Test
    void whoeverWatchesIsToldWhenTheLinkGoesAndComes() throws Exception {
        uplink.start(context);
        int before = context.told.get();
        device.link = Optional.of(FakeUplinkDevice.link(true, false));
        device.trouble.run();
        await(() -> context.told.get() == before + 1);
        assertThat(uplink.status().up()).isFalse();
        device.comeBack();
        await(() -> context.told.get() == before + 2);
        assertThat(uplink.status().up()).isTrue();
    }

    @Test
    void aPortThatAWorkerCouldNotGoOnWithStaysDown() throws Exception {
        uplink.start(context);
        uplink.fault(new IllegalStateException("no more"));
        device.trouble.run();
        device.comeBack();
        TimeUnit.MILLISECONDS.sleep(20);
        assertThat(uplink.status().reason()).contains("no more");
        assertThat(context.published).containsExactly(device.queues, PortQueues.NONE);
        assertThat(device.attached).hasValue(1);
        assertThat(device.released).hasValue(1);
    }

    @Test
    void aDeviceThatCannotBeUsedAtTheStartIsRefusedByThePortsName() {
        device.refusal = Optional.of("cannot use device fake0: too blue");
        assertThatThrownBy(() -> uplink.start(context))
                .isInstanceOf(PortException.class)
                .hasMessage("port up: cannot use device fake0: too blue");
        assertThat(context.published).isEmpty();
    }

    @Test
    void anUplinkThatCannotStartStopsListening() throws Exception {
        device.refusal = Optional.of("busy");
        long before = descriptors();
        assertThatThrownBy(() -> uplink.start(context)).isInstanceOf(PortException.class);
        assertThat(descriptors()).isEqualTo(before);
    }

    @Test
    void nothingStaysBehind() throws Exception {
        uplink.start(context);
        uplink.close();
        long before = descriptors();
        for (int i = 0; i < 20; i++) {
            Uplink another = new Uplink("passing", device);
            another.start(context);
            another.close();
            another.close();
        }
        assertThat(descriptors()).isEqualTo(before);
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("uplink-passing");
        assertThat(device.released.get()).isEqualTo(device.attached.get());
    }

    private static long descriptors() throws Exception {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
