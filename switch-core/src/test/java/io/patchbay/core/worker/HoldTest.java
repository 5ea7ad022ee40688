package io.patchbay.core.worker;

import static io.patchbay.core.worker.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.port.Bottleneck;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.FrameSink;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.UplinkTransmitter;
import io.patchbay.core.port.WhenFull;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Uplinks that are full, and what that does to others. */
@Timeout(60)
class HoldTest {

    private static final int LENGTH = 600;
    private static final long UPLINK = 0x0200_0000_0001L;
    private static final long GUEST = 0x0200_0000_0002L;
    private static final long EVERYBODY = 0xffff_ffff_ffffL;
    private static final WhenFull PATIENT = new WhenFull(true, Duration.ofMinutes(10));

    private final List<Switchboard.Attachment> attachments = new ArrayList<>();
    private Switchboard board;
    private Bottleneck wire;

    @BeforeEach
    void open() throws Exception {
        wire = new Bottleneck(LENGTH);
    }

    @AfterEach
    void stop() throws Exception {
        attachments.forEach(Switchboard.Attachment::close);
        board.close();
        wire.close();
    }

    private void start(Waiters waiter) throws InterruptedException {
        WorkerSettings settings = new WorkerSettings(
                new IdlePolicy.Adaptive(Duration.ofNanos(1000)), OptionalInt.empty(), 256, 512 * 1024);
        board = Switchboard.start(List.of(settings), waiter.factory(), new MacTable(100, 300));
    }

    private Switchboard.Attachment attach(String name, NumberedSender port) {
        Switchboard.Attachment attachment = board.attach(name, port, port.counters);
        attachments.add(attachment);
        return attachment;
    }

    /** A port whose way in is a sender's and whose way out is the wire. */
    private Switchboard.Attachment uplink(NumberedSender port, WhenFull whenFull) {
        return uplink(port, whenFull, wire);
    }

    private Switchboard.Attachment uplink(NumberedSender port, WhenFull whenFull, FrameSink wire) {
        Switchboard.Attachment attachment = attach("up", port);
        UplinkTransmitter out = new UplinkTransmitter(wire, port.counters.transmit(0), 0, OffloadSet.NOTHING, whenFull);
        attachment.publish(new PortQueues(List.of(port), Optional.of(out)));
        port.send(UPLINK, UPLINK); // to itself: it is learnt, and nobody else hears of it
        await("the uplink is learnt", () -> learnt(UPLINK));
        return attachment;
    }

    private NumberedSender sender(String name, long address) {
        NumberedSender port = new NumberedSender(LENGTH);
        attach(name, port).publish(new PortQueues(List.of(port), Optional.of(port)));
        port.send(address, address);
        await(name + " is learnt", () -> learnt(address));
        return port;
    }

    private boolean learnt(long address) {
        return board.macs().lookup(address) != MacTable.UNKNOWN; // without the lock that learning would not wait for
    }

    private static long[] times(int n, long... destinations) {
        return IntStream.range(0, n)
                .mapToLong(i -> destinations[i % destinations.length])
                .toArray();
    }

    private static int number(byte[] frame) {
        return ByteBuffer.wrap(frame).getInt(14);
    }

    /** Reads the wire until so many frames have come. */
    private List<Integer> read(int count) {
        List<Integer> numbers = new ArrayList<>();
        await(count + " frames arrive", () -> {
            wire.read(50).forEach(frame -> numbers.add(number(frame)));
            return numbers.size() >= count;
        });
        return numbers;
    }

    private long held(NumberedSender uplink) {
        return uplink.counters.transmit(0).get(QueueCounters.Count.HELD);
    }

    @ParameterizedTest
    @EnumSource(
            value = Waiters.class,
            names = {"IO_URING", "EPOLL"})
    void framesWaitInTheirQueueForRoomAndNoneIsLost(Waiters waiter) throws Exception {
        start(waiter);
        NumberedSender up = new NumberedSender(LENGTH);
        uplink(up, PATIENT);
        NumberedSender a = sender("a", GUEST + 1);
        NumberedSender b = sender("b", GUEST + 2);
        a.send(GUEST + 1, times(3000, UPLINK));
        b.send(GUEST + 2, times(3000, UPLINK));
        await("the wire is full", () -> held(up) > 0);
        List<Integer> numbers = read(6000);
        List<Integer> once = IntStream.range(1, 3001).boxed().toList();
        // Each sender's frames in its order: one can be split from the other because every number comes twice.
        List<Integer> first = new ArrayList<>();
        List<Integer> second = new ArrayList<>();
        for (int number : numbers) {
            (first.size() + 1 == number ? first : second).add(number);
        }
        assertThat(first).isEqualTo(once);
        assertThat(second).isEqualTo(once);
        await("all are given back", () -> a.released == 3001 && b.released == 3001);
        assertThat(up.counters.transmit(0).dropped()).isZero();
    }

    @Test
    void aFullPortHoldsUpOnlyQueuesWithFramesForIt() throws Exception {
        start(Waiters.AUTO);
        NumberedSender up = new NumberedSender(LENGTH);
        uplink(up, PATIENT);
        NumberedSender a = sender("a", GUEST + 1);
        NumberedSender b = sender("b", GUEST + 2);
        a.send(GUEST + 1, times(3000, UPLINK));
        await("the wire is full", () -> held(up) > 0);
        int stands = a.released;
        b.send(GUEST + 2, times(5000, GUEST + 1));
        up.send(UPLINK, times(5000, GUEST + 2));
        await("the others go on", () -> a.delivered() == 5000 && b.delivered() == 5000);
        assertThat(a.released).isEqualTo(stands);
    }

    @Test
    void whatIsInTheSameBurstForOthersIsDelivered() throws Exception {
        start(Waiters.AUTO);
        NumberedSender up = new NumberedSender(LENGTH);
        uplink(up, PATIENT);
        NumberedSender a = sender("a", GUEST + 1);
        NumberedSender b = sender("b", GUEST + 2);
        a.send(GUEST + 1, times(3000, UPLINK));
        await("the wire is full", () -> held(up) > 0);
        NumberedSender c = sender("c", GUEST + 3);
        c.send(GUEST + 3, UPLINK, GUEST + 2, UPLINK, GUEST + 2);
        await("they arrive", () -> b.delivered() == 2);
        assertThat(c.released).isEqualTo(1);
        List<Integer> expected =
                new ArrayList<>(IntStream.range(1, 3001).boxed().toList());
        expected.addAll(List.of(1, 3));
        assertThat(read(3002)).containsExactlyInAnyOrderElementsOf(expected);
        await("all are given back", () -> c.released == 5);
        assertThat(b.delivered()).isEqualTo(2);
    }

    @ParameterizedTest
    @EnumSource(
            value = Waiters.class,
            names = {"IO_URING", "EPOLL"})
    void aWorkerSleepsWhileItHolds(Waiters waiter) throws Exception {
        start(waiter);
        NumberedSender up = new NumberedSender(LENGTH);
        uplink(up, PATIENT);
        NumberedSender a = sender("a", GUEST + 1);
        // Everybody's wake-up descriptor is readable all the time; that of the queue that is not held must be cleared.
        up.kick.drain();
        a.send(GUEST + 1, times(3000, UPLINK));
        await("the wire is full", () -> held(up) > 0);
        TimeUnit.MILLISECONDS.sleep(100);
        long before = turns();
        TimeUnit.MILLISECONDS.sleep(300);
        assertThat(turns() - before).as("turns of a worker that waits").isLessThan(50);
    }

    /** Like a packet socket before a queueing discipline that is full: it has room itself. */
    private record Refusing(EventFd writable) implements FrameSink {

        @Override
        public int write(FrameBatch batch, int from) {
            return -Errno.ENOBUFS;
        }

        @Override
        public int descriptor() {
            return writable.number();
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Waiters.class,
            names = {"IO_URING", "EPOLL"})
    void aWorkerSleepsAlsoIfNobodyRingsWhenThereIsRoom(Waiters waiter) throws Exception {
        start(waiter);
        try (EventFd writable = EventFd.create()) {
            NumberedSender up = new NumberedSender(LENGTH);
            uplink(up, PATIENT, new Refusing(writable));
            NumberedSender a = sender("a", GUEST + 1);
            up.kick.drain();
            a.send(GUEST + 1, UPLINK);
            await("it is refused", () -> held(up) > 0);
            TimeUnit.MILLISECONDS.sleep(100);
            long before = turns();
            TimeUnit.MILLISECONDS.sleep(300);
            assertThat(turns() - before)
                    .as("turns of a worker that tries again now and then")
                    .isBetween(1L, 150L);
            attachments.getLast().publish(PortQueues.NONE);
            attachments.getFirst().publish(PortQueues.NONE);
        }
    }

    private long turns() {
        WorkerCounters counters = board.workers().getFirst().counters();
        return counters.get(WorkerCounters.Count.IDLE_TURNS) + counters.get(WorkerCounters.Count.BUSY_TURNS);
    }

    @Test
    void copiesOfFloodsDoNotWait() throws Exception {
        start(Waiters.AUTO);
        NumberedSender up = new NumberedSender(LENGTH);
        uplink(up, PATIENT);
        NumberedSender a = sender("a", GUEST + 1);
        NumberedSender b = sender("b", GUEST + 2);
        a.send(GUEST + 1, times(3000, UPLINK));
        await("the wire is full", () -> held(up) > 0);
        b.send(GUEST + 2, times(100, EVERYBODY));
        await("they are dropped", () -> up.counters.transmit(0).dropped(DropReason.UPLINK_FULL) == 100);
        await("and delivered to others, and given back", () -> a.delivered() == 100 && b.released == 101);
    }

    @Test
    void whoHasWaitedTooLongGoesOn() throws Exception {
        start(Waiters.AUTO);
        NumberedSender up = new NumberedSender(LENGTH);
        uplink(up, new WhenFull(true, Duration.ofMillis(50)));
        NumberedSender a = sender("a", GUEST + 1);
        a.send(GUEST + 1, times(3000, UPLINK));
        await("all are given back", () -> a.released == 3001);
        QueueCounters out = up.counters.transmit(0);
        assertThat(out.dropped(DropReason.HELD_TOO_LONG)).isPositive();
        assertThat(out.get(QueueCounters.Count.FRAMES) + out.dropped()).isEqualTo(3000);
        assertThat(held(up)).isBetween(1L, 64L);
    }

    @Test
    void whatWaitsInAQueueThatIsWithdrawnStaysThere() throws Exception {
        start(Waiters.AUTO);
        NumberedSender up = new NumberedSender(LENGTH);
        uplink(up, PATIENT);
        NumberedSender a = sender("a", GUEST + 1);
        a.send(GUEST + 1, times(3000, UPLINK));
        await("the wire is full", () -> held(up) > 0);
        attachments.getLast().publish(PortQueues.NONE);
        assertThat(a.counters().dropped(DropReason.PUT_BACK))
                .isEqualTo(held(up))
                .isPositive();
        assertThat(a.released).isEqualTo(a.next);
        attachments.getLast().publish(new PortQueues(List.of(a), Optional.of(a)));
        assertThat(read(3000)).isEqualTo(IntStream.range(1, 3001).boxed().toList());
        await("all are given back", () -> a.released == 3001);
    }

    @Test
    void framesForAnUplinkThatGoesAreDropped() throws Exception {
        start(Waiters.AUTO);
        NumberedSender up = new NumberedSender(LENGTH);
        Switchboard.Attachment uplink = uplink(up, PATIENT);
        NumberedSender a = sender("a", GUEST + 1);
        a.send(GUEST + 1, times(3000, UPLINK));
        await("the wire is full", () -> held(up) > 0);
        uplink.publish(PortQueues.NONE);
        await("all are given back", () -> a.released == 3001);
        QueueCounters out = up.counters.transmit(0);
        assertThat(out.get(QueueCounters.Count.FRAMES) + out.dropped(DropReason.PORT_DOWN))
                .isEqualTo(3000);
    }

    @Test
    void framesForAnUplinkThatIsRemovedAreDropped() throws Exception {
        start(Waiters.AUTO);
        NumberedSender up = new NumberedSender(LENGTH);
        Switchboard.Attachment uplink = uplink(up, PATIENT);
        NumberedSender a = sender("a", GUEST + 1);
        a.send(GUEST + 1, times(3000, UPLINK));
        await("the wire is full", () -> held(up) > 0);
        uplink.close();
        await("all are given back", () -> a.released == 3001);
    }
}
