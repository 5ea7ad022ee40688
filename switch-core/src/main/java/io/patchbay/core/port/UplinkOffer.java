package io.patchbay.core.port;

import java.util.List;
import java.util.Optional;

/** What an uplink offers the switch of the device it has attached. Its owner calls it under a lock; {@link #room} may be asked by anybody. */
final class UplinkOffer {

    private Optional<PortQueues> offered = Optional.empty();
    private volatile Optional<HoldingTransmitter> holding = Optional.empty();
    private volatile Optional<PortCounters> counters = Optional.empty();

    /** Says where what passes is counted. */
    void count(PortCounters where) {
        counters = Optional.of(where);
    }

    /** What is offered next is another device's, even if it looks the same. */
    void beginAnew() {
        offered = Optional.empty();
    }

    /**
     * Offers queues, unless they are what is offered already.
     *
     * @param up if not, they are read from but not sent to
     */
    void offer(PortContext context, PortQueues queues, boolean up) {
        PortQueues wanted = up ? queues : new PortQueues(queues.receive(), Optional.empty());
        if (!offered.equals(Optional.of(wanted))) {
            publish(context, wanted);
        }
    }

    /** Offers nothing any more. When this returns nobody uses what was offered. */
    void withdraw(PortContext context) {
        publish(context, PortQueues.NONE);
    }

    private void publish(PortContext context, PortQueues queues) {
        offered = Optional.of(queues);
        holding = queues.transmitter().flatMap(Transmitter::holding);
        context.publish(queues);
    }

    /** Whether there is room in what is offered. */
    UplinkDetails.Room room(WhenFull whenFull) {
        List<QueueCounters> queues = counters.map(PortCounters::transmit).orElse(List.of());
        return new UplinkDetails.Room(
                whenFull.word(),
                whenFull.atMost().toMillis(),
                holding.map(HoldingTransmitter::fullForMillis).orElse(0L),
                sum(queues, QueueCounters.Count.STALLS),
                sum(queues, QueueCounters.Count.HELD));
    }

    private static long sum(List<QueueCounters> queues, QueueCounters.Count what) {
        return queues.stream().mapToLong(queue -> queue.get(what)).sum();
    }
}
