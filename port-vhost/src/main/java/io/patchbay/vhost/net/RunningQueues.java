package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.Transmitter;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.ring.DeviceRing;
import io.patchbay.vhost.ring.InvalidRingException;
import io.patchbay.vhost.ring.RingFeatures;
import io.patchbay.vhost.ring.RingLayout;
import io.patchbay.vhost.ring.RingLog;
import io.patchbay.vhost.ring.RingPlaces;
import io.patchbay.vhost.session.PortLog;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.VringAddresses;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.LongFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes rings of what a front end has said of its virtqueues, hands them to the workers, and takes them back.
 *
 * <p>Even virtqueues are the guest's receive queues, odd ones its transmit queues (virtio 1.3 §5.1.2). Confined to the device's lock.
 */
final class RunningQueues {

    private static final Logger LOG = LoggerFactory.getLogger(RunningQueues.class);

    static final String BROKEN = "the guest broke the ring";

    private final PortContext context;
    private final PortLog portLog;
    private final Vring[] vrings;
    private final FlowTable flows = new FlowTable();
    private final LogSlot log;
    private final SortedMap<Integer, GuestTxQueue> transmitting = new TreeMap<>();
    private final SortedMap<Integer, GuestRxQueue> receiving = new TreeMap<>();
    private final Map<Integer, MemorySegment> descriptors = new HashMap<>();

    RunningQueues(PortContext context, Vring[] vrings, LogSlot log) {
        this.context = context;
        this.portLog = new PortLog(context.name(), LOG, System::nanoTime);
        this.vrings = vrings;
        this.log = log;
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

    /** Makes every ring that can run and does not yet, and hands it to the workers. */
    void publish(long features, GuestMemory memory) {
        List<Integer> made = new ArrayList<>();
        for (int index = 0; index < vrings.length; index++) {
            Vring vring = vrings[index];
            if (vring.started() && vring.enabled() && !runs(index)) {
                try {
                    make(index, vring, features, memory);
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
                    writes.put(index, writeLog(index, features, memory));
                    rings.put(index, ringMaker(index, features, memory));
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

    /** Where a queue logs its writes to buffers; one that the guest transmits on makes none. */
    private WriteLog writeLog(int index, long features, GuestMemory memory) throws InvalidRingException {
        return isReceive(index) ? log.forWrites(features, memory) : WriteLog.OFF;
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

    /** Finds where a ring is, and where its writes are logged; gives what makes it, at any position. */
    private LongFunction<DeviceRing> ringMaker(int index, long features, GuestMemory memory)
            throws InvalidRingException {
        Vring vring = vrings[index];
        RingLayout layout = RingLayout.of(features);
        RingPlaces places = places(vring, features, memory);
        RingLog ringLog = log.forRing(layout, vring.addresses().orElseThrow(), vring.size(), places, memory);
        descriptors.put(index, places.descriptors());
        RingFeatures ringFeatures = ringFeatures(index, features);
        return position -> {
            DeviceRing ring = layout.ring(vring.size(), places, ringFeatures, position, memory);
            ring.logTo(ringLog);
            return ring;
        };
    }

    private static RingFeatures ringFeatures(int index, long features) {
        return new RingFeatures(
                Feature.VIRTIO_F_EVENT_IDX.in(features),
                Feature.VIRTIO_F_INDIRECT_DESC.in(features),
                Feature.VIRTIO_F_IN_ORDER.in(features) && !isReceive(index));
    }

    private static RingPlaces places(Vring vring, long features, GuestMemory memory) throws InvalidRingException {
        return RingLayout.of(features).places(vring.addresses().orElseThrow(), vring.size(), memory);
    }

    static boolean isReceive(int index) {
        return index % 2 == 0;
    }

    private void make(int index, Vring vring, long features, GuestMemory memory) throws InvalidRingException {
        WriteLog writes = writeLog(index, features, memory);
        DeviceRing ring = ringMaker(index, features, memory).apply(start(index, vring, features, memory));
        boolean mergeable = Feature.VIRTIO_NET_F_MRG_RXBUF.in(features);
        int headerBytes = mergeable || Feature.VIRTIO_F_VERSION_1.in(features)
                ? NetHeaderDescriptor.BYTES
                : NetHeaderDescriptor.LEGACY_BYTES;
        QueueFault fault = new QueueFault("port " + context.name() + ", vring " + index, vring.error());
        int pair = index / 2;
        if (!isReceive(index)) {
            transmitting.put(
                    index,
                    new GuestTxQueue(
                            ring,
                            headerBytes,
                            NetOffloads.asked(features),
                            vring.events(),
                            context.counters().receive(pair),
                            fault,
                            flows,
                            pair));
        } else {
            receiving.put(
                    index,
                    new GuestRxQueue(
                            ring,
                            headerBytes,
                            mergeable,
                            NetOffloads.taken(features),
                            vring.events(),
                            context.counters().transmit(pair),
                            fault,
                            writes));
        }
    }

    private long start(int index, Vring vring, long features, GuestMemory memory) throws InvalidRingException {
        RingLayout layout = RingLayout.of(features);
        long base = vring.baseOr(layout.freshBase());
        RingPlaces places = places(vring, features, memory);
        long position = vring.hasRun()
                ? layout.resume(base, vring.size(), places)
                : layout.recover(
                        base,
                        vring.size(),
                        places,
                        ringFeatures(index, features),
                        log.forRing(layout, vring.addresses().orElseThrow(), vring.size(), places, memory));
        vring.setHasRun();
        // The low half is all that some front ends give of a packed ring's.
        if ((position & 0xffff) != (base & 0xffff)) {
            portLog.info(String.format(
                    "vring %d resumes where its ring stands, 0x%x, instead of base 0x%x", index, position, base));
        }
        return position;
    }

    /** Refuses a ring that cannot be. */
    void check(VringAddresses addresses, int size, long features, GuestMemory memory) throws RefusedException {
        try {
            RingLayout layout = RingLayout.of(features);
            layout.places(addresses, size, memory);
            log.check(layout, addresses, size);
        } catch (InvalidRingException e) {
            throw new RefusedException("vring " + addresses.index() + ": " + e.getMessage(), e);
        }
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
        return Optional.ofNullable(descriptors.get(index)).orElseThrow();
    }

    int transmittingCount() {
        return transmitting.size();
    }

    int receivingCount() {
        return receiving.size();
    }
}
