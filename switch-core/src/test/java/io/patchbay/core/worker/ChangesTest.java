package io.patchbay.core.worker;

import static io.patchbay.core.worker.Patience.await;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.MacAddress;
import io.patchbay.core.frame.Rarp;
import io.patchbay.core.port.GatedPort;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.QueueCounters.Count;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.function.ToLongFunction;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Ports come, go, are shut and opened, and offer this or that, in between of frames. After each step there has come out of every port exactly what a bridge
 * would have delivered, addresses are known where it would know them, and every frame is in the sums.
 */
@Timeout(120)
class ChangesTest {

    private static final int STEPS = 250;
    private static final int MOST = 6;
    private static final long ADDRESS = 0x0200_0000_0000L;
    private static final WorkerSettings SETTINGS =
            new WorkerSettings(new IdlePolicy.Adaptive(Duration.ofNanos(1000)), OptionalInt.empty(), 256, 512 * 1024);

    private final MacTable macs = new MacTable(100, 300);
    private final List<Station> present = new ArrayList<>();
    private final List<Station> all = new ArrayList<>();
    private final List<String> steps = new ArrayList<>();
    private Random random = new Random(0);

    // What a bridge would have done.
    private final Map<Long, Station> learnt = new HashMap<>();
    private long received;
    private long dealtWith;

    private record Sent(long source, long destination) {

        @Override
        public String toString() {
            return MacAddress.format(source) + " to " + MacAddress.format(destination);
        }
    }

    private static final class Station extends NumberedSender {

        private final GatedPort gate = new GatedPort(this, true);
        private final List<Sent> got = Collections.synchronizedList(new ArrayList<>());
        private final List<Sent> expected = new ArrayList<>();
        private final List<Sent> waiting = new ArrayList<>();
        private final Switchboard.Attachment attachment;
        private Optional<PortContext> context = Optional.empty();
        private boolean reads;
        private boolean takes;

        Station(Switchboard board) throws PortException {
            super(60);
            attachment = board.attach("station", gate, counters, IngressPolicy.OPEN, Optional.empty());
            gate.start(attachment);
        }

        @Override
        public void start(PortContext switching) {
            context = Optional.of(switching);
        }

        PortContext context() {
            return context.orElseThrow();
        }

        void offer(boolean in, boolean out) {
            reads = in;
            takes = out;
            context()
                    .publish(
                            new PortQueues(in ? List.of(this) : List.of(), out ? Optional.of(this) : Optional.empty()));
        }

        boolean isReached() {
            return takes && gate.isOpen();
        }

        @Override
        public void transmit(Burst burst, int[] indices, int count) {
            for (int i = 0; i < count; i++) {
                got.add(new Sent(burst.source(indices[i]), burst.destination(indices[i])));
            }
            super.transmit(burst, indices, count);
        }
    }

    @ParameterizedTest(name = "seed {0}, {1} workers")
    @CsvSource({"1, 1", "2, 2", "3, 3"})
    void everyPortDeliversWhatABridgeWouldWhateverChanges(long seed, int workers) throws Exception {
        random = new Random(seed);
        try (Switchboard board =
                Switchboard.start(Collections.nCopies(workers, SETTINGS), Waiters.AUTO.factory(), macs)) {
            for (int i = 0; i < STEPS; i++) {
                step(board);
                check(
                        board,
                        "seed " + seed + ", step " + i + ", after "
                                + steps.subList(Math.max(0, steps.size() - 10), steps.size()));
            }
            while (!present.isEmpty()) {
                remove(present.getFirst());
            }
        }
    }

    private void step(Switchboard board) throws PortException {
        int what = present.size() < 2 ? 0 : random.nextInt(14);
        if (what == 0 && present.size() < MOST) {
            Station station = new Station(board);
            present.add(station);
            all.add(station);
            steps.add("new station " + name(station));
            offer(station, true, true);
            return;
        }
        Station station = present.get(random.nextInt(present.size()));
        switch (what) {
            case 1 -> remove(station);
            case 2, 3 -> setOpen(station, !station.gate.isOpen());
            case 4, 5 -> offer(station, random.nextInt(4) > 0, random.nextInt(4) > 0);
            case 6 -> {
                steps.add("forget " + name(station));
                station.context().forgetAddresses();
                learnt.values().removeIf(station::equals);
            }
            case 7 -> announce(station);
            default -> send(station);
        }
    }

    private String name(Station station) {
        return String.valueOf(all.indexOf(station));
    }

    private void remove(Station station) {
        steps.add("remove " + name(station));
        station.attachment.close();
        station.close();
        present.remove(station);
        learnt.values().removeIf(station::equals);
    }

    private void setOpen(Station station, boolean open) throws PortException {
        steps.add((open ? "open " : "shut ") + name(station));
        station.gate.setEnabled(open);
        if (!open) {
            learnt.values().removeIf(station::equals);
        }
        expectWhatWaits(station);
    }

    private void offer(Station station, boolean in, boolean out) {
        steps.add(name(station) + (in ? " reads" : " does not read") + (out ? ", takes" : ", does not take"));
        station.offer(in, out);
        expectWhatWaits(station);
    }

    private void announce(Station station) {
        long address = address();
        steps.add(name(station) + " announces " + MacAddress.format(address));
        station.context().inject(Rarp.announcement(address));
        received++;
        if (station.gate.isOpen()) {
            expect(station, new Sent(address, MacAddress.BROADCAST));
        } else {
            dealtWith++;
        }
    }

    private void send(Station station) {
        for (int n = random.nextInt(3); n >= 0; n--) {
            long destination = switch (random.nextInt(8)) {
                case 0 -> MacAddress.BROADCAST;
                case 1 -> 0x0180_c200_000eL;
                default -> address();
            };
            Sent frame = new Sent(random.nextInt(9) == 0 ? 0 : address(), destination);
            steps.add(name(station) + " sends " + frame);
            station.waiting.add(frame);
            station.send(frame.source(), destination);
        }
        expectWhatWaits(station);
    }

    private long address() {
        return ADDRESS + 1 + random.nextInt(10);
    }

    private void expectWhatWaits(Station station) {
        if (station.reads && station.gate.isOpen()) {
            station.waiting.forEach(frame -> expect(station, frame));
            received += station.waiting.size();
            station.waiting.clear();
        }
    }

    private void expect(Station from, Sent frame) {
        List<Station> others = present.stream()
                .filter(station -> !station.equals(from) && station.isReached())
                .toList();
        List<Station> to = List.of();
        if (MacAddress.isValidSource(frame.source())) {
            learnt.put(frame.source(), from);
            Station known = learnt.get(frame.destination());
            if (known != null) {
                to = others.contains(known) ? List.of(known) : List.of();
            } else if (!MacAddress.isReserved(frame.destination())) {
                to = others;
            }
        }
        to.forEach(station -> station.expected.add(frame));
        dealtWith += Math.max(1, to.size()); // by one drop, if by nothing else
    }

    private void check(Switchboard board, String when) {
        await(
                "all frames are dealt with; " + when,
                () -> ofSwitch(board, counters -> counters.get(Count.FRAMES))
                                        + sum(station -> ofQueues(station.counters.receive(), c -> c.get(Count.FRAMES)))
                                == received
                        && ofSwitch(board, QueueCounters::dropped)
                                        + sum(station -> station.delivered()
                                                + ofQueues(station.counters.receive(), QueueCounters::dropped)
                                                + ofQueues(station.counters.transmit(), QueueCounters::dropped))
                                == dealtWith);
        for (Station station : all) {
            assertThat(station.got).as("what %s got; %s", name(station), when).isEqualTo(station.expected);
        }
        Map<Long, Integer> listed = new HashMap<>();
        macs.entries().forEach(entry -> listed.put(entry.address(), entry.port()));
        Map<Long, Integer> known = new HashMap<>();
        learnt.forEach((address, station) -> known.put(address, station.attachment.index()));
        assertThat(listed).as(when).isEqualTo(known);
    }

    private long sum(ToLongFunction<Station> what) {
        return all.stream().mapToLong(what).sum();
    }

    private static long ofQueues(List<QueueCounters> queues, ToLongFunction<QueueCounters> what) {
        return queues.stream().mapToLong(what).sum();
    }

    private static long ofSwitch(Switchboard board, ToLongFunction<QueueCounters> what) {
        return board.workers().stream()
                .mapToLong(worker -> what.applyAsLong(worker.injected()))
                .sum();
    }
}
