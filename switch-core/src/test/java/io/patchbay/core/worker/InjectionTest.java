package io.patchbay.core.worker;

import static io.patchbay.core.worker.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Rarp;
import io.patchbay.core.frame.TestFrames;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.QuietPort;
import io.patchbay.core.port.QuietQueue;
import io.patchbay.core.port.Transmitter;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Frames that no queue receives: what a port hands to the switch, to be forwarded as if it came in, or sent out. */
@Timeout(60)
class InjectionTest {

    private static final long A = 0x0200_0000_000aL;
    private static final long B = 0x0200_0000_000bL;
    private static final long NOWHERE = 0x0200_0000_00ffL;
    private static final int MANY = 100;

    private final MacTable macs = new MacTable(1000, 300);
    private final Station one = new Station();
    private final Station other = new Station();
    private Switchboard board;
    private Switchboard.Attachment from;
    private Switchboard.Attachment to;

    @BeforeEach
    void start() throws InterruptedException {
        WorkerSettings settings = new WorkerSettings(
                new IdlePolicy.Adaptive(Duration.ofNanos(1000)), OptionalInt.empty(), 256, 512 * 1024);
        board = Switchboard.start(List.of(settings), Waiters.AUTO.factory(), macs);
        to = board.attach("other", other, other.counters);
        to.publish(new PortQueues(List.of(other), Optional.of(other)));
        from = attach(IngressPolicy.OPEN);
    }

    private Switchboard.Attachment attach(IngressPolicy policy) {
        Switchboard.Attachment attachment = board.attach("one", one, one.counters, policy, Optional.empty());
        attachment.publish(new PortQueues(List.of(), Optional.of(one)));
        return attachment;
    }

    @AfterEach
    void stop() {
        other.letGo.countDown();
        from.close();
        to.close();
        board.close();
    }

    /** Counts what it gets, and can keep its worker from going on. */
    private static final class Station extends QuietPort implements QuietQueue, Transmitter {

        private final PortCounters counters = new PortCounters();
        private final CountDownLatch kept = new CountDownLatch(1);
        private final CountDownLatch letGo = new CountDownLatch(1);
        private volatile boolean keeps;

        @Override
        public int poll(Burst burst, int limit) {
            if (keeps) {
                kept.countDown();
                await(letGo);
            }
            return 0;
        }

        void keepTheWorker() {
            keeps = true;
            await(kept);
        }

        private static void await(CountDownLatch latch) {
            try {
                latch.await();
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        }

        @Override
        public void transmit(Burst burst, int[] frames, int count) {
            counters.transmit(0).add(QueueCounters.Count.FRAMES, count);
        }

        long got() {
            return counters.transmit(0).get(QueueCounters.Count.FRAMES);
        }

        @Override
        public QueueCounters counters() {
            return counters.receive(0);
        }
    }

    private long dropped(DropReason reason) {
        return board.workers().getFirst().injected().dropped(reason);
    }

    private static byte[] frame(long destination, long source) {
        return TestFrames.frame(destination, source, 60, new Random(1));
    }

    @Test
    void anInjectedFrameIsForwardedAsIfItsPortHadSentIt() {
        from.inject(frame(NOWHERE, A));
        await("it is flooded", () -> other.got() == 1);
        assertThat(macs.lookup(A)).isEqualTo(from.index());
    }

    @Test
    void aFrameSentOutToAPortReachesItAndNoOther() {
        assertThat(from.send(frame(NOWHERE, B))).isTrue();
        await("it is out", () -> one.got() == 1);
        assertThat(other.got()).isZero();
        assertThat(macs.entries()).as("nobody has come in").isEmpty();
        from.publish(PortQueues.NONE);
        from.send(frame(NOWHERE, B));
        await("it is counted", () -> one.counters.transmit(0).dropped(DropReason.PORT_DOWN) == 1);
    }

    @Test
    void whatIsInjectedObeysThePortsAddresses() {
        from.close();
        from = attach(new IngressPolicy(Optional.of(List.of(A)), Optional.empty(), System::nanoTime));
        macs.learn(B, to.index());
        from.inject(Rarp.announcement(B));
        await("it is counted", () -> dropped(DropReason.SPOOFED_SOURCE) == 1);
        assertThat(macs.lookup(B)).isEqualTo(to.index());
        from.inject(Rarp.announcement(A));
        await("its own address is announced", () -> other.got() == 1);
    }

    @Test
    void whatIsInjectedObeysThePortsFloodLimit() {
        from.close();
        from = attach(new IngressPolicy(Optional.empty(), Optional.of(1), () -> 0));
        for (int i = 0; i < MANY; i++) {
            from.inject(Rarp.announcement(A));
        }
        await("all are dealt with", () -> other.got() + dropped(DropReason.FLOOD_LIMIT) == MANY);
        assertThat(other.got()).as("what a port at rest may flood at once").isEqualTo(64);
    }

    @Test
    void whatAPortHandsOverAfterItWasTakenOutIsRefused() {
        from.close();
        assertThat(from.inject(frame(NOWHERE, A))).isFalse();
        assertThat(from.send(frame(NOWHERE, A))).isFalse();
        to.inject(frame(NOWHERE, B));
        await("the worker goes on", () -> macs.lookup(B) == to.index());
    }

    static List<Arguments> ends() {
        return List.of(
                Arguments.of("its addresses are forgotten", (Consumer<Switchboard.Attachment>)
                        Switchboard.Attachment::forgetAddresses),
                Arguments.of("it is taken out", (Consumer<Switchboard.Attachment>) Switchboard.Attachment::close));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("ends")
    void whatAPortInjectedBeforeIsNotLearntWhen(String what, Consumer<Switchboard.Attachment> end)
            throws InterruptedException {
        other.keepTheWorker();
        for (int i = 0; i < MANY; i++) {
            assertThat(from.inject(Rarp.announcement(A + i))).isTrue();
        }
        Thread ending = Thread.ofPlatform().start(() -> end.accept(from));
        await(
                "it has ended, or waits for the worker",
                () -> ending.getState() == Thread.State.TERMINATED || ending.getState() == Thread.State.TIMED_WAITING);
        other.letGo.countDown();
        ending.join();
        await("all are dealt with", () -> other.got() + dropped(DropReason.PORT_DOWN) == MANY);
        assertThat(macs.entries()).as("addresses of a port that has gone").isEmpty();
    }

    @Test
    void noMoreWaitThanThereMayAndThenAgainAsManyAsWereTaken() {
        Injections injections = new Injections();
        Injection injection = new Injection(new Injector(0, null), 0, new byte[60], false);
        for (int i = 0; i < Injections.MAX_WAITING; i++) {
            assertThat(injections.add(injection)).isTrue();
        }
        assertThat(injections.add(injection)).isFalse();
        injections.poll();
        assertThat(injections.add(injection)).isTrue();
        assertThat(injections.add(injection)).isFalse();
    }
}
