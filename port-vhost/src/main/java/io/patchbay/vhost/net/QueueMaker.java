package io.patchbay.vhost.net;

import io.patchbay.core.port.PortContext;
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
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongFunction;

/**
 * Makes of what a front end has said of a virtqueue one that can run.
 *
 * <p>Even virtqueues are the guest's receive queues, odd ones its transmit queues (virtio 1.3 §5.1.2). Confined to the device's lock.
 */
final class QueueMaker {

    private final PortContext context;
    private final PortLog portLog;
    private final Vring[] vrings;
    private final FlowTable flows;
    private final LogSlot log;
    private final Map<Integer, MemorySegment> descriptors = new HashMap<>();

    /** @param flows what the queues of the guest tell each other */
    QueueMaker(PortContext context, PortLog portLog, Vring[] vrings, FlowTable flows, LogSlot log) {
        this.context = context;
        this.portLog = portLog;
        this.vrings = vrings;
        this.flows = flows;
        this.log = log;
    }

    /** Whether the guest receives on it. */
    static boolean isReceive(int index) {
        return index % 2 == 0;
    }

    /**
     * Makes a queue that the guest transmits on.
     *
     * @throws InvalidRingException if it cannot run as it is
     */
    GuestTxQueue transmitting(int index, long features, GuestMemory memory) throws InvalidRingException {
        return new GuestTxQueue(
                ring(index, features, memory),
                headerBytes(features),
                NetOffloads.asked(features),
                vrings[index].events(),
                context.counters().receive(index / 2),
                fault(index),
                flows,
                index / 2);
    }

    /**
     * Makes a queue that the guest receives on.
     *
     * @throws InvalidRingException if it cannot run as it is
     */
    GuestRxQueue receiving(int index, long features, GuestMemory memory) throws InvalidRingException {
        WriteLog writes = writeLog(index, features, memory);
        return new GuestRxQueue(
                ring(index, features, memory),
                headerBytes(features),
                Feature.VIRTIO_NET_F_MRG_RXBUF.in(features),
                NetOffloads.taken(features),
                vrings[index].events(),
                context.counters().transmit(index / 2),
                fault(index),
                writes);
    }

    private static int headerBytes(long features) {
        boolean modern = Feature.VIRTIO_NET_F_MRG_RXBUF.in(features) || Feature.VIRTIO_F_VERSION_1.in(features);
        return modern ? NetHeaderDescriptor.BYTES : NetHeaderDescriptor.LEGACY_BYTES;
    }

    private QueueFault fault(int index) {
        return new QueueFault("port " + context.name() + ", vring " + index, vrings[index].error());
    }

    private DeviceRing ring(int index, long features, GuestMemory memory) throws InvalidRingException {
        return ringAt(index, features, memory).apply(start(index, features, memory));
    }

    /** Where a ring starts, as itself shows, or a device that was killed has left it. */
    private long start(int index, long features, GuestMemory memory) throws InvalidRingException {
        Vring vring = vrings[index];
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

    /** Finds where a ring is, and where its writes are logged; gives what makes it, at any position. */
    LongFunction<DeviceRing> ringAt(int index, long features, GuestMemory memory) throws InvalidRingException {
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

    /** Where a queue logs its writes to buffers; one that the guest transmits on makes none. */
    WriteLog writeLog(int index, long features, GuestMemory memory) throws InvalidRingException {
        return isReceive(index) ? log.forWrites(features, memory) : WriteLog.OFF;
    }

    /** Refuses a ring that cannot be made. */
    void check(VringAddresses addresses, int size, long features, GuestMemory memory) throws RefusedException {
        try {
            RingLayout layout = RingLayout.of(features);
            layout.places(addresses, size, memory);
            log.check(layout, addresses, size);
        } catch (InvalidRingException e) {
            throw new RefusedException("vring " + addresses.index() + ": " + e.getMessage(), e);
        }
    }

    /** The descriptor table, or ring, of the ring made last of a virtqueue. */
    MemorySegment descriptors(int index) {
        return Optional.ofNullable(descriptors.get(index)).orElseThrow();
    }
}
