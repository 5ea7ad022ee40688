package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Delivery;
import io.patchbay.core.frame.TestFrames;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.QuietPort;
import io.patchbay.core.port.QuietQueue;
import io.patchbay.core.port.Transmitter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** One worker's turns, without the worker's thread: every turn is taken by the test. */
class TurnTest {

    private static final long ADDRESS = 0x0200_0000_0000L;
    private static final int FIRST_LENGTH = 60;

    private final MacTable macs = new MacTable(100, 300);
    private final WorkerCounters counters = new WorkerCounters();
    private final List<String> failures = new ArrayList<>();
    private final Faults faults = new Faults(0, (plug, cause) -> failures.add("port " + plug.index()), counters);
    private final List<Station> stations = new ArrayList<>();
    private final List<Optional<Plug>> plugs = new ArrayList<>();
    private long now;
    private final WorkerSettings settings =
            new WorkerSettings(new IdlePolicy.Busy(), OptionalInt.empty(), 256, 1 << 19);

    /** A port that gives what it was told to and notes what it gets, by length: no two frames of a test have the same. */
    private final class Station extends QuietPort implements QuietQueue, Transmitter {

        private final int number = stations.size();
        private final PortCounters counted = new PortCounters();
        private final Deque<byte[]> toSend = new ArrayDeque<>();
        private final List<List<Integer>> deliveries = new ArrayList<>();
        private Optional<Supplier<Error>> breaksOff = Optional.empty();
        private boolean intact = true;
        private int ways;
        private boolean throwsOnPoll;
        private long nanosToPoll;
        private int taken;
        private int released;

        void sends(int to, int length) {
            toSend.add(TestFrames.frame(ADDRESS + to, ADDRESS + number, length, new Random(1)));
        }

        void sendsMany(int to, int frames) {
            for (int i = 0; i < frames; i++) {
                sends(to, FIRST_LENGTH + i);
            }
        }

        @Override
        public int poll(Burst burst, int limit) {
            now += nanosToPoll;
            assertThat(taken).as("not polled again before it was released").isZero();
            if (throwsOnPoll) {
                throw new IllegalStateException("broken on purpose");
            }
            while (taken < limit && !toSend.isEmpty()) {
                TestFrames.add(burst, toSend.remove(), new Random(1));
                taken++;
            }
            return taken;
        }

        @Override
        public void release() {
            released += taken;
            taken = 0;
        }

        @Override
        public void transmit(Burst burst, int[] frames, int count) {
            throw new AssertionError("whoever gathers delivers at once");
        }

        @Override
        public void transmit(Delivery delivery) {
            List<Integer> lengths = new ArrayList<>();
            deliveries.add(lengths);
            delivery.turnedTo(ways);
            while (delivery.next()) {
                if (breaksOff.isPresent()) {
                    Error error = breaksOff.get().get();
                    breaksOff = Optional.empty();
                    throw error;
                }
                lengths.add(delivery.burst().length(delivery.frame()));
            }
        }

        @Override
        public boolean memoryIntact() {
            return intact;
        }

        @Override
        public QueueCounters counters() {
            return counted.receive(0);
        }
    }

    private Station plug() {
        Station station = new Station();
        stations.add(station);
        plugs.add(Optional.of(new Plug(
                station.number, station, station.counted, IngressPolicy.OPEN, List.of(station), Optional.of(station))));
        macs.learn(ADDRESS + station.number, station.number);
        return station;
    }

    /** A worker's turn over all ports. */
    private Turn turn() {
        Turn turn = new Turn(
                settings,
                () -> now,
                macs,
                counters,
                faults,
                new HeldBursts(faults),
                new Injections(),
                new QueueCounters());
        Topology topology = new Topology(1, plugs);
        faults.adopt(topology.present());
        turn.adopt(View.of(topology, 0, 1));
        return turn;
    }

    @Test
    void aReceiverIsTurnedToOnceForAllSenders() {
        Station receiver = plug();
        for (int i = 1; i <= 3; i++) {
            Station sender = plug();
            sender.sends(0, FIRST_LENGTH + 2 * i);
            sender.sends(0, FIRST_LENGTH + 2 * i + 1);
        }
        assertThat(turn().take()).isEqualTo(6);
        assertThat(receiver.deliveries).containsExactly(List.of(62, 63, 64, 65, 66, 67));
    }

    @Test
    void aQueueThatRangIsServedAlone() {
        Station receiver = plug();
        Station other = plug();
        Station rang = plug();
        other.sends(0, 60);
        rang.sends(0, 61);
        Turn turn = turn();
        assertThat(turn.takeFrom(2)).isEqualTo(1);
        assertThat(receiver.deliveries).containsExactly(List.of(61));
        assertThat(List.of(other.released, rang.released)).containsExactly(0, 1);
        assertThat(turn.take()).isEqualTo(1);
        assertThat(receiver.deliveries).containsExactly(List.of(61), List.of(60));
    }

    @Test
    void whatAQueueThatRangHasMoreThanItsShareIsLeftToTheNextTurn() {
        Station receiver = plug();
        Station rang = plug();
        rang.sendsMany(0, 300);
        Turn turn = turn();
        assertThat(turn.takeFrom(1)).isEqualTo(256);
        assertThat(turn.take()).isEqualTo(44);
        assertThat(receiver.deliveries.stream().flatMap(List::stream))
                .hasSize(300)
                .isSorted();
    }

    @Test
    void aQueueThatRangAndFailedIsNotServed() {
        Station receiver = plug();
        Station rang = plug();
        rang.throwsOnPoll = true;
        Turn turn = turn();
        turn.takeFrom(1);
        rang.throwsOnPoll = false;
        rang.sends(0, 60);
        assertThat(turn.takeFrom(1)).isZero();
        assertThat(failures).containsExactly("port 1");
        assertThat(receiver.deliveries).isEmpty();
    }

    @Test
    void aBurstThatIsEnoughForItsReceiverWaitsForNoOther() {
        Station receiver = plug();
        Station busy = plug();
        Station other = plug();
        busy.sendsMany(0, 16);
        other.sends(0, 100);
        turn().take();
        assertThat(receiver.deliveries).extracting(List::size).containsExactly(16, 1);
    }

    @Test
    void aBurstWaitsForOthersIfItsReceiverDividedTheLastAmongManyQueues() {
        Station receiver = plug();
        receiver.ways = 4;
        Station busy = plug();
        Station other = plug();
        other.sends(0, 100);
        Turn turn = turn();
        turn.take();
        busy.sendsMany(0, 4 * 16 - 1);
        other.sends(0, 101);
        turn.take();
        assertThat(receiver.deliveries).extracting(List::size).containsExactly(1, 64);
    }

    @Test
    void everyQueueGetsItsChainsBack() {
        plug();
        Station one = plug();
        Station other = plug();
        one.sends(0, 60);
        other.sends(0, 61);
        other.sends(1, 62);
        turn().take();
        assertThat(List.of(one.released, other.released)).containsExactly(1, 2);
    }

    @Test
    void aQueueWithMoreThanABurstIsServedAgainInTheSameTurnUntilItsShareEnds() {
        Station receiver = plug();
        Station sender = plug();
        sender.sendsMany(0, 300);
        assertThat(turn().take()).isEqualTo(256);
        assertThat(receiver.deliveries).extracting(List::size).containsExactly(64, 64, 64, 64);
        assertThat(receiver.deliveries.stream().flatMap(List::stream)).isSorted();
    }

    @Test
    void manyBytesAreNotGatheredUntilTheTurnIsLong() {
        Station receiver = plug();
        for (int i = 1; i <= 20; i++) {
            plug().sends(0, 65_000 + i);
        }
        turn().take();
        assertThat(receiver.deliveries).extracting(List::size).containsExactly(9, 9, 2);
    }

    @Test
    void aStormOnManyPortsIsDeliveredBeforeListsOfItsCopiesAreLong() {
        List<Station> senders = List.of(plug(), plug(), plug());
        for (int i = senders.size(); i < Switchboard.MAX_PORTS; i++) {
            plug();
        }
        for (int i = 0; i < Burst.CAPACITY; i++) {
            int length = FIRST_LENGTH + i;
            senders.forEach(sender -> sender.sends(9999, length));
        }
        turn().take();
        assertThat(stations.getLast().deliveries).extracting(List::size).containsExactly(128, 64);
    }

    @Test
    void aTurnThatTakesTooLongDeliversWhatItHasAndTheNextGoesOn() {
        Station receiver = plug();
        for (int i = 1; i <= 3; i++) {
            Station sender = plug();
            sender.nanosToPoll = TurnLimit.NANOS;
            for (int n = 0; n < 9; n++) {
                sender.sends(0, 100 * i + n);
            }
        }
        Turn turn = turn();
        assertThat(turn.take()).isEqualTo(18); // the clock is looked at after the first work was done
        assertThat(turn.take()).isEqualTo(9);
        assertThat(receiver.deliveries).extracting(List::size).containsExactly(18, 9);
    }

    @Test
    void aSenderWhoseMemoryGoesCostsNobodyElseAFrame() {
        Station receiver = plug();
        Station bad = plug();
        Station good = plug();
        bad.sends(0, 60);
        good.sends(0, 61);
        good.sends(0, 62);
        receiver.breaksOff = Optional.of(() -> {
            bad.intact = false;
            return new InternalError("a fault occurred in an unsafe memory access operation");
        });
        turn().take();
        assertThat(failures).containsExactly("port 1");
        assertThat(receiver.deliveries).containsExactly(List.of(), List.of(61, 62));
        assertThat(good.released).isEqualTo(2);
    }

    @Test
    void whatIsLeftForAReceiverThatFailedIsCounted() {
        Station receiver = plug();
        Station sender = plug();
        sender.sendsMany(0, 5);
        receiver.breaksOff = Optional.of(() -> new AssertionError("broken on purpose"));
        turn().take();
        assertThat(failures).containsExactly("port 0");
        assertThat(receiver.counted.transmit(0).dropped(DropReason.PORT_DOWN))
                .isEqualTo(4); // the first was the port's to count
        assertThat(sender.released).isEqualTo(5);
    }

    @Test
    void whatOthersSentIsDeliveredWhenAQueueFails() {
        Station receiver = plug();
        Station good = plug();
        Station bad = plug();
        good.sends(0, 60);
        bad.throwsOnPoll = true;
        Turn turn = turn();
        turn.take();
        assertThat(failures).containsExactly("port 2");
        assertThat(receiver.deliveries).containsExactly(List.of(60));
        assertThat(good.released).isEqualTo(1);
    }

    @Test
    void whatWasInterruptedIsFinishedOnce() {
        Station receiver = plug();
        plug().sends(0, 60);
        Turn turn = turn();
        turn.take();
        turn.finish();
        assertThat(receiver.deliveries).containsExactly(List.of(60));
    }
}
