package io.patchbay.core.worker;

import static io.patchbay.core.worker.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.TestFrames;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.QuietPort;
import io.patchbay.core.port.QuietQueue;
import io.patchbay.core.port.Transmitter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SwitchboardTest {

    private static final long A = 0x0200_0000_000aL;
    private static final long B = 0x0200_0000_000bL;
    private static final long RESERVED = 0x0180_c200_0003L;
    private static final long NOWHERE = 0x0200_0000_00ffL;

    private final List<Switchboard.Attachment> attachments = new ArrayList<>();
    private Switchboard board;

    @BeforeEach
    void start() throws InterruptedException {
        WorkerSettings settings = new WorkerSettings(
                new IdlePolicy.Adaptive(Duration.ofNanos(1000)), OptionalInt.empty(), 256, 512 * 1024);
        board = Switchboard.start(List.of(settings), Waiters.AUTO.factory(), new MacTable(100, 300));
    }

    @AfterEach
    void stop() {
        attachments.forEach(Switchboard.Attachment::close);
        board.close();
    }

    /** A port without a network behind it: gives frames it is told to, and counts what it gets. */
    private static final class FakePort extends QuietPort implements QuietQueue, Transmitter {

        private final QueueCounters received;
        private final QueueCounters delivered;
        private final byte[] frame;
        private final AtomicInteger waiting = new AtomicInteger();
        private volatile Optional<Throwable> fault = Optional.empty();
        private volatile boolean throwsOnPoll;
        private volatile int polls;
        private volatile int pollMillis;

        FakePort(PortCounters counters, long destination, long source) {
            received = counters.receive(0);
            delivered = counters.transmit(0);
            frame = TestFrames.frame(destination, source, 60, new Random(1));
        }

        @Override
        public int poll(Burst burst, int limit) {
            polls = polls + 1;
            if (throwsOnPoll) {
                throw new IllegalStateException("broken on purpose");
            }
            LockSupport.parkNanos(pollMillis * 1_000_000L);
            int n = 0;
            while (n < limit && waiting.get() > 0) {
                waiting.decrementAndGet();
                TestFrames.add(burst, frame, new Random(1));
                n++;
            }
            received.add(QueueCounters.Count.FRAMES, n);
            return n;
        }

        @Override
        public void transmit(Burst burst, int[] frames, int count) {
            delivered.add(QueueCounters.Count.FRAMES, count);
        }

        @Override
        public QueueCounters counters() {
            return received;
        }

        @Override
        public void fault(Throwable cause) {
            fault = Optional.of(cause);
        }
    }

    /** A sender that notes what its worker does. */
    private static final class WatchedSender extends NumberedSender {

        private final List<String> done = new CopyOnWriteArrayList<>();

        WatchedSender() {
            super(60);
        }

        @Override
        public synchronized int poll(Burst burst, int limit) {
            int taken = super.poll(burst, limit);
            if (taken > 0) {
                done.add("taken");
            }
            return taken;
        }

        @Override
        public synchronized boolean arm() {
            done.add("armed");
            return super.arm();
        }

        @Override
        public void disarm() {
            done.add("disarmed");
        }

        @Override
        public void clearWakeUp() {
            kick.drain();
            done.add("cleared");
        }
    }

    private FakePort plug(String name, long destination, long source, boolean transmits) {
        PortCounters counters = new PortCounters();
        FakePort port = new FakePort(counters, destination, source);
        Switchboard.Attachment attachment = board.attach(name, port, counters);
        attachments.add(attachment);
        attachment.publish(new PortQueues(List.of(port), transmits ? Optional.of(port) : Optional.empty()));
        return port;
    }

    private static long frames(QueueCounters counters) {
        return counters.get(QueueCounters.Count.FRAMES);
    }

    @Test
    void aWorkerWhoseQueuesBecomeFewerGoesOn() {
        FakePort port = plug("a", B, A, true);
        for (int round = 0; round < 50; round++) { // wherever in its round the worker is
            attachments.getFirst().publish(new PortQueues(List.of(port, port, port, port, port), Optional.of(port)));
            attachments.getFirst().publish(new PortQueues(List.of(port), Optional.of(port)));
        }
        port.waiting.set(3);
        await("its queue is served", () -> port.received.get(QueueCounters.Count.FRAMES) == 3);
    }

    @Test
    void aFrameThatWakesAWorkerIsTakenBeforeItsQueuesAreDisarmed() {
        try (WatchedSender port = new WatchedSender();
                Switchboard.Attachment attachment = board.attach("watched", port, port.counters)) {
            attachment.publish(new PortQueues(List.of(port), Optional.empty()));
            await("the worker is about to sleep", () -> port.done.contains("armed"));

            port.send(B, A);
            await(
                    "the queue is disarmed",
                    () -> port.done.lastIndexOf("disarmed") > port.done.indexOf("taken")
                            && port.done.contains("taken"));

            assertThat(port.done.get(port.done.indexOf("taken") - 1)).isEqualTo("armed");
        }
    }

    @Test
    void onlyTheQueueThatWokeAWorkerHasItsWakeUpCleared() {
        try (WatchedSender rings = new WatchedSender();
                WatchedSender quiet = new WatchedSender();
                Switchboard.Attachment first = board.attach("rings", rings, rings.counters);
                Switchboard.Attachment second = board.attach("quiet", quiet, quiet.counters)) {
            first.publish(new PortQueues(List.of(rings), Optional.empty()));
            second.publish(new PortQueues(List.of(quiet), Optional.empty()));
            await("the worker is about to sleep", () -> quiet.done.contains("armed"));

            rings.send(B, A);
            await("it was woken", () -> rings.done.contains("cleared"));

            assertThat(quiet.done).doesNotContain("cleared");
        }
    }

    @Test
    void framesReachThePortTheirDestinationWasLearntOn() {
        FakePort a = plug("a", B, A, true);
        FakePort b = plug("b", A, B, true);
        FakePort other = plug("other", A, 0x0200_0000_000cL, true);
        b.waiting.set(1);
        await("b is learnt", () -> frames(a.delivered) == 1);
        a.waiting.set(1000);
        await("all arrive", () -> frames(b.delivered) == 1000);
        assertThat(frames(other.delivered)).isEqualTo(1); // what b said before a was known
    }

    @Test
    void aQueueThatNeverEndsLeavesTurnsToTheOthers() {
        FakePort greedy = plug("greedy", B, A, true);
        FakePort quiet = plug("quiet", A, B, true);
        quiet.waiting.set(1);
        await("both are learnt", () -> frames(greedy.delivered) == 1);
        greedy.waiting.set(Integer.MAX_VALUE);
        await("it floods", () -> frames(quiet.delivered) > 10_000);
        long before = frames(quiet.delivered);
        quiet.waiting.set(100);
        await("the quiet one is heard", () -> frames(greedy.delivered) == 101);
        assertThat(greedy.waiting.get()).isPositive();
        assertThat(frames(quiet.delivered)).isGreaterThan(before);
    }

    @Test
    void whatIsInjectedDoesNotWaitForManySlowQueues() {
        FakePort sink = plug("sink", B, A, true);
        Switchboard.Attachment toSink = attachments.getFirst();
        List<FakePort> slow = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            FakePort port = plug("slow" + i, RESERVED, B + i, false);
            port.pollMillis = 2;
            port.waiting.set(Integer.MAX_VALUE);
            slow.add(port);
        }
        int pollsMeanwhile = 0;
        for (int i = 1; i <= 5; i++) {
            int sent = i;
            int before = slow.stream().mapToInt(port -> port.polls).sum();
            toSink.send(TestFrames.frame(A, B, 60, new Random(1)));
            await("it has arrived", () -> frames(sink.delivered) == sent);
            pollsMeanwhile += slow.stream().mapToInt(port -> port.polls).sum() - before;
        }
        // A share of a turn is four polls here, and all shares eighty.
        assertThat(pollsMeanwhile).isLessThan(5 * 20);
    }

    @Test
    void slowQueuesThatAreManyAllHaveTheirTurns() {
        List<FakePort> slow = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            FakePort port = plug("slow" + i, RESERVED, B + i, false);
            port.pollMillis = 1;
            slow.add(port);
        }
        slow.forEach(port -> port.waiting.set(Integer.MAX_VALUE));
        slow.forEach(port -> await("it is served", () -> frames(port.received) > 0));
    }

    @Test
    void framesForAPortThatIsDownAreCounted() {
        FakePort a = plug("a", B, A, true);
        FakePort b = plug("b", A, B, false);
        b.waiting.set(1);
        await("b is learnt", () -> frames(a.delivered) == 1);
        a.waiting.set(10);
        await("they are dropped", () -> b.delivered.dropped(DropReason.PORT_DOWN) == 10);
    }

    @Test
    void afterAPublicationNobodyTouchesWhatWasThereBefore() {
        FakePort a = plug("a", NOWHERE, A, true);
        await("it is polled", () -> a.polls > 0);
        attachments.getFirst().publish(PortQueues.NONE);
        int polls = a.polls;
        board.macs().flush();
        plug("b", NOWHERE, B, true);
        assertThat(a.polls).isEqualTo(polls);
    }

    @Test
    void aPortThatFailsIsToldAndTheOthersGoOn() {
        FakePort bad = plug("bad", NOWHERE, A, true);
        FakePort a = plug("a", B, A, true);
        FakePort b = plug("b", A, B, true);
        bad.throwsOnPoll = true;
        await("it is told", () -> bad.fault.isPresent());
        assertThat(bad.fault.get()).hasMessage("broken on purpose");
        b.waiting.set(1);
        await("b is learnt", () -> frames(a.delivered) == 1);
        a.waiting.set(1000);
        await("the others go on", () -> frames(b.delivered) == 1000);
        assertThat(board.workers().getFirst().counters().get(WorkerCounters.Count.FAULTS))
                .isEqualTo(1);
    }

    @Test
    void aPortIsToldWhatWasLearntOnTheOthers() {
        FakePort a = plug("a", B, A, true);
        FakePort b = plug("b", A, B, true);
        a.waiting.set(1);
        b.waiting.set(1);
        await("both are learnt", () -> board.macs().entries().count() == 2);
        assertThat(attachments.getFirst().addressesElsewhere()).containsExactly(B);
        assertThat(attachments.getLast().addressesElsewhere()).containsExactly(A);
    }
}
