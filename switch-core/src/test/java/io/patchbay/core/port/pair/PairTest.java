package io.patchbay.core.port.pair;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Rarp;
import io.patchbay.core.frame.TestFrames;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.GatedPort;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.PortStatus;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.QuietPort;
import io.patchbay.core.port.QuietQueue;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.Transmitter;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(20)
class PairTest {

    /** A member whose link is as the test says. */
    private static final class FakeLink extends QuietPort implements QuietQueue, Transmitter {

        private final PortCounters counters = new PortCounters();
        private volatile Optional<PortContext> context = Optional.empty();
        private volatile boolean up = true;
        private volatile boolean refusing;
        private volatile boolean breaking;
        private volatile boolean enabled = true;
        private volatile Optional<Throwable> fault = Optional.empty();

        @Override
        public void start(PortContext switching) throws PortException {
            if (refusing) {
                throw new PortException("no such device");
            }
            if (breaking) {
                breaking = false;
                throw new IllegalStateException("broken on purpose");
            }
            context = Optional.of(switching);
            publish();
        }

        void publish() {
            context.orElseThrow().publish(new PortQueues(List.of(this), Optional.of(this)));
        }

        void link(boolean is) {
            up = is;
            context.orElseThrow().statusChanged();
        }

        @Override
        public void setEnabled(boolean is) {
            enabled = is;
        }

        @Override
        public PortStatus status() {
            return up ? PortStatus.up("link is up") : PortStatus.down("no carrier");
        }

        @Override
        public void fault(Throwable cause) {
            fault = Optional.of(cause);
            context.orElseThrow().publish(PortQueues.NONE);
        }

        @Override
        public void close() {
            context.ifPresent(c -> c.publish(PortQueues.NONE));
        }

        @Override
        public int poll(Burst burst, int limit) {
            Random random = new Random(1);
            TestFrames.add(burst, TestFrames.frame(1, 2, 60, random), random);
            TestFrames.add(burst, TestFrames.frame(1, 2, 60, random), random);
            counters.receive(0).add(QueueCounters.Count.FRAMES, 2);
            return 2;
        }

        @Override
        public int wakeDescriptor() {
            return 77;
        }

        @Override
        public QueueCounters counters() {
            return counters.receive(0);
        }

        @Override
        public void transmit(Burst burst, int[] frames, int count) {}
    }

    private final FakeLink first = new FakeLink();
    private final FakeLink second = new FakeLink();
    private final GatedPort firstPort = new GatedPort(first, true);
    private final GatedPort secondPort = new GatedPort(second, true);
    private final FakeSwitch context = new FakeSwitch();
    private Pair pair = pair(PairSettings.of("eth1", "eth2"));

    private Pair pair(PairSettings settings) {
        return new Pair(
                "up",
                settings,
                List.of(
                        new Pair.Member("eth1", firstPort, first.counters),
                        new Pair.Member("eth2", secondPort, second.counters)));
    }

    private void start(String primary, boolean failBack, int holdDownMillis) throws PortException {
        pair = pair(new PairSettings(
                List.of("eth1", "eth2"), Optional.of(primary), Optional.of(failBack), Optional.of(holdDownMillis)));
        pair.start(context);
    }

    @AfterEach
    void close() {
        pair.close();
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private void assertThatFramesPassBy(FakeLink active, FakeLink backup) {
        PortQueues queues = context.published.getLast();
        assertThat(queues.transmitter()).containsSame(active);
        // In the members' order, whoever is active.
        List<ReceiveQueue> expected =
                active == first ? List.of(first, new BackupQueue(second)) : List.of(new BackupQueue(first), second);
        assertThat(queues.receive()).isEqualTo(expected);
        assertThat(backup).isNotSameAs(active);
    }

    @Test
    void theFirstCarriesFramesAndTheSecondWaits() throws Exception {
        pair.start(context);
        assertThatFramesPassBy(first, second);
        assertThat(pair.status()).isEqualTo(PortStatus.up("eth1 (active): link is up; eth2: link is up"));
    }

    @Test
    void thePrimaryCarriesFramesToBeginWith() throws Exception {
        start("eth2", true, 3_600_000);
        assertThatFramesPassBy(second, first);
        assertThat(pair.failOvers()).isZero();
    }

    @Test
    void theOtherTakesOverWhenTheLinkIsLost() throws Exception {
        pair.start(context);
        first.link(false);
        assertThatFramesPassBy(second, first);
        assertThat(pair.failOvers()).isEqualTo(1);
        assertThat(pair.status()).isEqualTo(PortStatus.up("eth1: no carrier; eth2 (active): link is up"));
        assertThat(context.forgotten).hasValue(0);
    }

    @Test
    void withoutAPrimaryNobodyGoesBack() throws Exception {
        pair.start(context);
        first.link(false);
        first.link(true);
        TimeUnit.MILLISECONDS.sleep(20);
        assertThatFramesPassBy(second, first);
    }

    @Test
    void thePrimaryTakesOverAgainWhenItHasHeldForLongEnough() throws Exception {
        start("eth1", true, 50);
        first.link(false);
        long before = System.nanoTime();
        first.link(true);
        assertThatFramesPassBy(second, first);
        await(() -> pair.active().equals(Optional.of("eth1")));
        assertThat(System.nanoTime() - before).isGreaterThanOrEqualTo(50_000_000);
        assertThatFramesPassBy(first, second);
        assertThat(pair.failOvers()).isEqualTo(2);
    }

    @Test
    void aPrimaryThatDoesNotFailBackWaits() throws Exception {
        start("eth1", false, 0);
        first.link(false);
        first.link(true);
        TimeUnit.MILLISECONDS.sleep(20);
        assertThatFramesPassBy(second, first);
        second.link(false);
        assertThatFramesPassBy(first, second);
    }

    @Test
    void withoutAnyLinkThePortIsDownAndSaysWhy() throws Exception {
        pair.start(context);
        second.link(false);
        first.link(false);
        assertThat(context.published.getLast().transmitter()).isEmpty();
        assertThat(pair.status())
                .isEqualTo(PortStatus.down("no member can be used: eth1: no carrier; eth2: no carrier"));
        second.link(true);
        assertThatFramesPassBy(second, first);
        assertThat(pair.failOvers()).isEqualTo(1);
    }

    @Test
    void aMemberThatIsShutHandsOver() throws Exception {
        pair.start(context);
        firstPort.setEnabled(false);
        assertThat(context.published.getLast().transmitter()).containsSame(second);
        assertThat(context.published.getLast().receive()).containsExactly(second);
        firstPort.setEnabled(true);
        assertThatFramesPassBy(second, first);
    }

    @Test
    void framesThatComeInOnTheBackupAreCountedAndDropped() throws Exception {
        pair.start(context);
        Burst burst = new Burst();
        assertThat(context.published.getLast().receive().get(1).poll(burst, 64)).isEqualTo(2);
        assertThat(burst.count()).isZero();
        assertThat(second.counters.receive(0).dropped(DropReason.BACKUP_LINK)).isEqualTo(2);
        assertThat(context.published.getLast().receive().get(0).poll(burst, 64)).isEqualTo(2);
        assertThat(burst.count()).isEqualTo(2);
    }

    @Test
    void theNewMemberAnnouncesWhatIsLearntOnOtherPorts() throws Exception {
        context.elsewhere = new long[] {0x0200_0000_0001L, 0x0200_0000_0002L};
        pair.start(context);
        await(() -> pair.announcements() == 4); // twice each, to begin with
        context.sent.clear();
        first.link(false);
        await(() -> pair.announcements() >= 6);
        assertThat(context.sent).startsWith(Rarp.announcement(0x0200_0000_0001L), Rarp.announcement(0x0200_0000_0002L));
    }

    @Test
    void queuesThatChangePlacesAreTakenAwayInBetween() throws Exception {
        pair.start(context);
        context.published.clear();
        first.publish();
        assertThat(context.published).hasSize(2);
        assertThat(context.published.getFirst().receive()).isEmpty();
        assertThat(context.published.getFirst().transmitter()).containsSame(first);
        assertThatFramesPassBy(first, second);
    }

    @Test
    void addressesAreForgottenOnlyWithTheLastMember() throws Exception {
        pair.start(context);
        first.context.orElseThrow().publish(PortQueues.NONE);
        first.context.orElseThrow().forgetAddresses();
        assertThat(context.forgotten).hasValue(0);
        second.context.orElseThrow().publish(PortQueues.NONE);
        second.context.orElseThrow().forgetAddresses();
        assertThat(context.forgotten).hasValue(1);
    }

    @Test
    void aMemberThatCannotStartIsTriedAgainWhileTheOtherServes() throws Exception {
        first.refusing = true;
        pair.start(context);
        assertThat(context.published.getLast().transmitter()).containsSame(second);
        first.refusing = false;
        await(() -> first.context.isPresent());
        second.link(false);
        assertThatFramesPassBy(first, second);
    }

    @Test
    void aMemberWhoseStartBreaksIsTriedAgain() throws Exception {
        first.refusing = true;
        pair.start(context);
        first.breaking = true;
        first.refusing = false;
        await(() -> first.context.isPresent());
        assertThat(first.breaking).isFalse();
    }

    @Test
    void aPairOfWhichNoMemberCanStartIsRefused() {
        first.refusing = true;
        second.refusing = true;
        assertThatThrownBy(() -> pair.start(context))
                .isInstanceOf(PortException.class)
                .hasMessage("port up: no member can start: no such device; no such device");
    }

    @Test
    void aPairThatIsShutShutsItsMembersAndOpensThoseItShut() throws Exception {
        pair.start(context);
        secondPort.setEnabled(false);
        pair.setEnabled(false);
        assertThat(first.enabled).isFalse();
        assertThat(context.published.getLast()).isEqualTo(PortQueues.NONE);
        pair.setEnabled(true);
        assertThat(first.enabled).isTrue();
        assertThat(second.enabled).isFalse();
        assertThat(pair.active()).contains("eth1");
    }

    @Test
    void aMemberThatIsShutWhileItsPairIsStaysShutWhenThePairIsOpened() throws Exception {
        pair.start(context);
        pair.setEnabled(false);
        assertThat(firstPort.status()).isEqualTo(PortStatus.down("shut with the pair it is a member of"));
        firstPort.setEnabled(false);
        assertThat(firstPort.status()).isEqualTo(PortStatus.down("admin down: set by the operator"));
        pair.setEnabled(true);
        assertThat(first.enabled).isFalse();
        assertThat(firstPort.isEnabled()).isFalse();
        assertThat(pair.active()).contains("eth2");
    }

    @Test
    void aMemberThatIsOpenedWhileItsPairIsShutOpensWithThePair() throws Exception {
        pair.start(context);
        firstPort.setEnabled(false);
        pair.setEnabled(false);
        firstPort.setEnabled(true);
        assertThat(firstPort.isEnabled()).isTrue();
        assertThat(first.enabled).isFalse();
        assertThat(context.published.getLast()).isEqualTo(PortQueues.NONE);
        pair.setEnabled(true);
        assertThat(first.enabled).isTrue();
        assertThat(context.published.getLast().receive()).hasSize(2);
    }

    @Test
    void aPairThatIsShutAndOpenedHasNotFailedOver() throws Exception {
        pair.start(context);
        pair.setEnabled(false);
        assertThat(pair.active()).isEmpty();
        pair.setEnabled(true);
        assertThatFramesPassBy(first, second);
        assertThat(pair.failOvers()).isZero();
    }

    @Test
    void aPairThatIsShutAndOpenedGoesOnWithTheMemberItHad() throws Exception {
        start("eth1", true, 3_600_000);
        first.link(false);
        first.link(true);
        pair.setEnabled(false);
        pair.setEnabled(true);
        assertThatFramesPassBy(second, first);
        assertThat(pair.failOvers()).isEqualTo(1);
    }

    @Test
    void aPairThatIsOpenedTellsTheNetwork() throws Exception {
        pair.start(context);
        pair.setEnabled(false);
        context.elsewhere = new long[] {0x0200_0000_0001L};
        pair.setEnabled(true);
        await(() -> pair.announcements() > 0);
    }

    @Test
    void aPairThatIsOpenedWaitsForTheLinkOfTheMemberItHad() throws Exception {
        pair.start(context);
        pair.setEnabled(false);
        first.link(false); // as a tap's, which the kernel brings up a little later
        pair.setEnabled(true);
        second.link(true);
        assertThat(pair.active()).isEmpty();
        first.link(true);
        assertThatFramesPassBy(first, second);
        assertThat(pair.failOvers()).isZero();
    }

    @Test
    void aPairDisabledFromTheStartStartsWhenItIsOpened() throws Exception {
        pair.setEnabled(false);
        pair.start(context);
        assertThat(first.enabled).isFalse();
        assertThat(context.published.getLast()).isEqualTo(PortQueues.NONE);
        pair.setEnabled(true);
        assertThatFramesPassBy(first, second);
        assertThat(pair.failOvers()).isZero();
    }

    @Test
    void theMemberThatIsActiveIsBlamedForAFaultAndTheOtherTakesOver() throws Exception {
        pair.start(context);
        pair.fault(new IllegalStateException("no more"));
        assertThat(first.fault).isPresent();
        assertThat(second.fault).isEmpty();
        assertThat(pair.active()).contains("eth2");
    }

    @Test
    void theSecondIsBlamedWhileItIsActive() throws Exception {
        start("eth2", false, 0);
        assertThat(pair.active()).contains("eth2");
        pair.fault(new IllegalStateException("no more"));
        assertThat(second.fault).isPresent();
        assertThat(first.fault).isEmpty();
    }

    @Test
    void whatOperatorsSee() throws Exception {
        start("eth1", true, 9000);
        first.link(false);
        PairDetails details = (PairDetails) pair.details();
        assertThat(details.active()).isEqualTo("eth2");
        assertThat(details.primary()).isEqualTo("eth1");
        assertThat(details.holdDownMillis()).isEqualTo(9000);
        assertThat(details.failOvers()).isEqualTo(1);
        assertThat(details.lastFailOver()).matches("20\\d\\d-.*T.*Z");
        assertThat(details.members())
                .containsExactly(
                        new PairDetails.Member("eth1", "backup", "down", "no carrier"),
                        new PairDetails.Member("eth2", "active", "up", "link is up"));
    }

    @Test
    void nothingStaysBehind() throws Exception {
        pair.start(context);
        pair.close();
        pair.close();
        assertThat(context.published.getLast()).isEqualTo(PortQueues.NONE);
        assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .doesNotContain("pair-up");
    }
}
