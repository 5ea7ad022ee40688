package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.Transmitter;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.ring.DeviceRing;
import io.patchbay.vhost.ring.InvalidRingException;
import io.patchbay.vhost.session.PortLog;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.wire.VringAddresses;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.LongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The virtqueues that run: hands them to the workers, and takes them back. Confined to the device's lock.
 */
final class RunningQueues {

    private static final Logger LOG = LoggerFactory.getLogger(RunningQueues.class);

    static final String BROKEN = "the guest broke the ring";

    private final PortContext context;
    private final PortLog portLog;
    private final Vring[] vrings;
    private final FlowTable flows = new FlowTable();
    private final QueueMaker maker;
    private final SortedMap<Integer, GuestTxQueue> transmitting = new TreeMap<>();
    private final SortedMap<Integer, GuestRxQueue> receiving = new TreeMap<>();

    RunningQueues(PortContext context, Vring[] vrings, LogSlot log) {
        this.context = context;
        this.portLog = new PortLog(context.name(), LOG, System::nanoTime);
        this.vrings = vrings;
        this.maker = new QueueMaker(context, portLog, vrings, flows, log);
    }

    /**
     * Takes rings back from the workers and notes where they stand; the others go on meanwhile.
     *
     * @param affected by index
     */
    void withdraw(IntPredicate affected) {
        SortedMap<Integer, GuestTxQueue> fromGuest = taken(transmitting, affected);
        SortedMap<Integer, GuestRxQueue> toGuest = taken(receiving, affected);
        if (fromGuest.isEmpty() && toGuest.isEmpty()) {
            return;
        }
        offer();
        fromGuest.forEach((index, queue) -> noteStand(index, queue.position(), queue.isBroken()));
        toGuest.forEach((index, queue) -> noteStand(index, queue.position(), queue.isBroken()));
    }

    private static <Q> SortedMap<Integer, Q> taken(SortedMap<Integer, Q> from, IntPredicate affected) {
        SortedMap<Integer, Q> taken = new TreeMap<>();
        from.forEach((index, queue) -> {
            if (affected.test(index)) {
                taken.put(index, queue);
            }
        });
        from.keySet().removeAll(taken.keySet());
        return taken;
    }

    /** Shows the workers what runs now. When this returns they use nothing else. */
    private void offer() {
        offer(List.copyOf(transmitting.values()));
    }

    private void offer(List<ReceiveQueue> fromGuest) {
        Optional<Transmitter> toGuest =
                receiving.isEmpty() ? Optional.empty() : Optional.of(new GuestTransmitter(byPair(), flows));
        flows.setActive(receiving.size() > 1);
        context.publish(new PortQueues(fromGuest, toGuest));
    }

    private SortedMap<Integer, GuestRxQueue> byPair() {
        SortedMap<Integer, GuestRxQueue> pairs = new TreeMap<>();
        receiving.forEach((index, queue) -> pairs.put(index / 2, queue));
        return pairs;
    }

    /** Forgets what is known of a guest that has gone. Only while nothing runs. */
    void forget() {
        flows.clear();
    }

    private void noteStand(int index, long position, boolean broken) {
        vrings[index].setBase(position);
        if (broken) {
            vrings[index].stop();
            vrings[index].setTrouble(BROKEN);
        }
    }

    /**
     * Makes every ring that can run and does not yet, and hands it to the workers.
     *
     * @param beginEnabled whether a ring of which the front end has not said so is enabled
     */
    void publish(long features, boolean beginEnabled, GuestMemory memory) {
        List<Integer> made = new ArrayList<>();
        for (int index = 0; index < vrings.length; index++) {
            Vring vring = vrings[index];
            if (vring.started() && vring.enabledOr(beginEnabled) && !runs(index)) {
                try {
                    if (QueueMaker.isReceive(index)) {
                        receiving.put(index, maker.receiving(index, features, memory));
                    } else {
                        transmitting.put(index, maker.transmitting(index, features, memory));
                    }
                    vring.setTrouble("");
                    made.add(index);
                } catch (InvalidRingException e) {
                    cannotRun(index, e);
                }
            }
        }
        if (!made.isEmpty()) {
            offer();
            // Whatever the guest may have missed while nobody served its rings.
            ringAll(made);
        }
    }

    /**
     * Lets running rings go on in other memory, or with another log. Frames to the guest are not interrupted: a queue's lock is enough to give it another ring.
     * Frames from the guest wait in its rings for a turn of the workers, since those hold pieces of the memory that goes away.
     *
     * <p>When this returns nobody uses the memory before, or the log.
     */
    void move(long features, GuestMemory memory) {
        SortedMap<Integer, LongFunction<DeviceRing>> rings = new TreeMap<>();
        SortedMap<Integer, WriteLog> writes = new TreeMap<>();
        for (int index = 0; index < vrings.length; index++) {
            if (runs(index)) {
                try {
                    writes.put(index, maker.writeLog(index, features, memory));
                    rings.put(index, maker.ringAt(index, features, memory));
                } catch (InvalidRingException e) {
                    LOG.debug("vring {} loses its memory or log", index, e); // publish() says so, and why it cannot run
                }
            }
        }
        withdraw(index -> !rings.containsKey(index));
        if (!transmitting.isEmpty()) {
            offer(List.of());
        }
        receiving.forEach((index, queue) -> queue.move(of(rings, index), of(writes, index)));
        transmitting.forEach((index, queue) -> queue.move(of(rings, index)));
        if (!transmitting.isEmpty()) {
            offer();
        }
    }

    private static <T> T of(SortedMap<Integer, T> each, int index) {
        return Optional.ofNullable(each.get(index)).orElseThrow();
    }

    boolean runs(int index) {
        return transmitting.containsKey(index) || receiving.containsKey(index);
    }

    private void cannotRun(int index, InvalidRingException e) {
        String why = String.valueOf(e.getMessage());
        if (!vrings[index].trouble().equals(why)) {
            portLog.warn("vring " + index + " cannot run: " + why);
        }
        vrings[index].setTrouble(why);
    }

    /**
     * Gives a running receive queue another way to notify its guest. Nothing is interrupted.
     *
     * @return whether the queue is one that runs and receives; any other has to be withdrawn
     */
    boolean replaceCall(int index, Optional<EventFd> call) {
        GuestRxQueue queue = receiving.get(index);
        if (queue == null) {
            return false;
        }
        queue.setCall(call);
        return true;
    }

    private void ringAll(Iterable<Integer> indices) {
        for (int index : indices) {
            vrings[index].call().ifPresent(EventFd::signal);
        }
    }

    /** Refuses a ring that cannot be. */
    void check(VringAddresses addresses, int size, long features, GuestMemory memory) throws RefusedException {
        maker.check(addresses, size, features, memory);
    }

    /** Whether the guest broke a ring that runs. */
    boolean isBroken(int index) {
        return Optional.ofNullable(transmitting.get(index))
                .map(GuestTxQueue::isBroken)
                .or(() -> Optional.ofNullable(receiving.get(index)).map(GuestRxQueue::isBroken))
                .orElse(false);
    }

    /** The descriptor table, or ring, of a ring that runs. */
    MemorySegment descriptors(int index) {
        return maker.descriptors(index);
    }

    int transmittingCount() {
        return transmitting.size();
    }

    int receivingCount() {
        return receiving.size();
    }
}
