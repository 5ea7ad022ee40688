package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.PortStatus;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.Transmitter;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.ring.InvalidRingException;
import io.patchbay.vhost.ring.RingFeatures;
import io.patchbay.vhost.ring.RingPlaces;
import io.patchbay.vhost.ring.SplitRing;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.VringAddresses;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes rings of what a front end has said of its virtqueues, hands them to the workers, and takes them back.
 *
 * <p>Even virtqueues are the guest's receive queues, odd ones its transmit queues (virtio 1.3 §5.1.2). Confined to the device's lock, except
 * {@link #status}.
 */
final class RunningQueues {

    private static final Logger LOG = LoggerFactory.getLogger(RunningQueues.class);

    private final PortContext context;
    private final Vring[] vrings;
    private final SortedMap<Integer, GuestTxQueue> transmitting = new TreeMap<>();
    private final SortedMap<Integer, GuestRxQueue> receiving = new TreeMap<>();
    private volatile PortStatus status = PortStatus.down("the front end has not started a queue");

    RunningQueues(PortContext context, Vring[] vrings) {
        this.context = context;
        this.vrings = vrings;
    }

    /** Takes every ring back from the workers and notes where it stands. */
    void withdraw() {
        if (transmitting.isEmpty() && receiving.isEmpty()) {
            return;
        }
        context.publish(PortQueues.NONE);
        transmitting.forEach((index, queue) -> noteStand(index, queue.position(), queue.isBroken()));
        receiving.forEach((index, queue) -> noteStand(index, queue.position(), queue.isBroken()));
        transmitting.clear();
        receiving.clear();
    }

    private void noteStand(int index, long position, boolean broken) {
        vrings[index].setBase(position);
        if (broken) {
            vrings[index].stop();
            vrings[index].setTrouble("the guest broke the ring");
        }
    }

    /** Makes every ring that can run, and hands it to the workers. */
    void publish(long features, GuestMemory memory) {
        for (int index = 0; index < vrings.length; index++) {
            Vring vring = vrings[index];
            if (vring.started() && vring.enabled()) {
                try {
                    make(index, vring, features, memory);
                    vring.setTrouble("");
                } catch (InvalidRingException e) {
                    vring.setTrouble(String.valueOf(e.getMessage()));
                    LOG.warn("port {}: vring {} cannot run: {}", context.name(), index, e.getMessage());
                }
            }
        }
        Optional<Transmitter> transmitter = receiving.isEmpty()
                ? Optional.empty()
                : Optional.of(new GuestTransmitter(List.copyOf(receiving.values())));
        if (!transmitting.isEmpty() || transmitter.isPresent()) {
            context.publish(new PortQueues(List.<ReceiveQueue>copyOf(transmitting.values()), transmitter));
            // Whatever the guest may have missed while nobody served its rings.
            ringAll(transmitting.keySet());
            ringAll(receiving.keySet());
        }
        status = describe();
    }

    private void ringAll(Iterable<Integer> indices) {
        for (int index : indices) {
            vrings[index].call().ifPresent(EventFd::signal);
        }
    }

    private void make(int index, Vring vring, long features, GuestMemory memory) throws InvalidRingException {
        RingPlaces places = RingPlaces.ofSplit(vring.addresses().orElseThrow(), vring.size(), memory);
        RingFeatures ringFeatures =
                new RingFeatures(Feature.VIRTIO_F_EVENT_IDX.in(features), Feature.VIRTIO_F_INDIRECT_DESC.in(features));
        SplitRing ring = new SplitRing(vring.size(), places, ringFeatures, start(index, vring, places), memory);
        boolean mergeable = Feature.VIRTIO_NET_F_MRG_RXBUF.in(features);
        int headerBytes = mergeable || Feature.VIRTIO_F_VERSION_1.in(features)
                ? NetHeaderDescriptor.BYTES
                : NetHeaderDescriptor.LEGACY_BYTES;
        QueueFault fault = new QueueFault("port " + context.name() + ", vring " + index, vring.error());
        int pair = index / 2;
        if (index % 2 == 1) {
            transmitting.put(
                    index,
                    new GuestTxQueue(
                            ring,
                            headerBytes,
                            vring.events(),
                            context.counters().receive(pair),
                            fault));
        } else {
            receiving.put(
                    index,
                    new GuestRxQueue(
                            ring,
                            headerBytes,
                            mergeable,
                            vring.events(),
                            context.counters().transmit(pair),
                            fault));
        }
    }

    private int start(int index, Vring vring, RingPlaces places) {
        int used = SplitRing.usedIndex(places);
        if (used != vring.base()) {
            LOG.info(
                    "port {}: vring {} resumes at its used index {} instead of base {}",
                    context.name(),
                    index,
                    used,
                    vring.base());
        }
        return used;
    }

    /** Refuses places where a ring cannot be. */
    void checkPlaces(VringAddresses addresses, int size, GuestMemory memory) throws RefusedException {
        try {
            RingPlaces.ofSplit(addresses, size, memory);
        } catch (InvalidRingException e) {
            throw new RefusedException("vring " + addresses.index() + ": " + e.getMessage(), e);
        }
    }

    PortStatus status() {
        return status;
    }

    private PortStatus describe() {
        if (!transmitting.isEmpty() && !receiving.isEmpty()) {
            return PortStatus.up(transmitting.size() + " transmit and " + receiving.size() + " receive queues run");
        }
        List<String> troubles = new ArrayList<>();
        boolean anyStarted = false;
        for (int index = 0; index < vrings.length; index++) {
            anyStarted |= vrings[index].started();
            if (!vrings[index].trouble().isEmpty()) {
                troubles.add("vring " + index + ": " + vrings[index].trouble());
            }
        }
        String why = !troubles.isEmpty()
                ? String.join("; ", troubles)
                : anyStarted ? "the front end has not enabled its queues" : "the front end has not started a queue";
        boolean oneWay = !transmitting.isEmpty() || !receiving.isEmpty();
        return oneWay
                ? PortStatus.up(
                        "only the guest's " + (receiving.isEmpty() ? "transmit" : "receive") + " queue runs; " + why)
                : PortStatus.down(why);
    }

    List<VhostDetails.Queue> view() {
        List<VhostDetails.Queue> queues = new ArrayList<>();
        for (int index = 0; index < vrings.length; index++) {
            Vring vring = vrings[index];
            if (vring.size() > 0) {
                boolean runs = transmitting.containsKey(index) || receiving.containsKey(index);
                String state = runs
                        ? "running"
                        : !vring.trouble().isEmpty() ? vring.trouble() : vring.started() ? "disabled" : "stopped";
                queues.add(new VhostDetails.Queue(
                        index,
                        index % 2 == 0 ? "to guest" : "from guest",
                        "split",
                        vring.size(),
                        vring.enabled(),
                        state));
            }
        }
        return List.copyOf(queues);
    }
}
