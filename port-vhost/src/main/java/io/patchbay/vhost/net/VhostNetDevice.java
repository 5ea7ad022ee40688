package io.patchbay.vhost.net;

import io.patchbay.core.frame.MacAddress;
import io.patchbay.core.frame.Rarp;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.UnixSocket;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortStatus;
import io.patchbay.vhost.memory.DirtyLog;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.InvalidMemoryException;
import io.patchbay.vhost.memory.MemoryRules;
import io.patchbay.vhost.ring.RingLayout;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.session.VhostDevice;
import io.patchbay.vhost.wire.DeviceStatus;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.LogDescription;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.VringAddresses;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * A virtio network device, as front ends configure it.
 *
 * <p>Messages come from the session's thread; {@link #view}, {@link #portStatus} and {@link #memoryIntact} may be called by any.
 */
final class VhostNetDevice implements VhostDevice {

    static final int MAX_QUEUE_PAIRS = 32;
    private static final int VRINGS = 2 * MAX_QUEUE_PAIRS;
    /** Never fewer than an earlier version told a front end of; the same goes for the queue pairs. */
    static final int MAX_MEMORY_SLOTS = 509;

    private static final int MIN_MTU = 68;
    private static final int MAX_MTU = 65_535;

    static final long OFFERED = NetOffloads.FEATURES
            | Feature.mask(
                    Feature.VIRTIO_F_VERSION_1,
                    Feature.VIRTIO_F_INDIRECT_DESC,
                    Feature.VIRTIO_F_EVENT_IDX,
                    Feature.VIRTIO_F_ANY_LAYOUT,
                    Feature.VIRTIO_F_RING_PACKED,
                    Feature.VIRTIO_F_IN_ORDER,
                    Feature.VIRTIO_NET_F_MRG_RXBUF,
                    Feature.VIRTIO_NET_F_MTU,
                    Feature.VIRTIO_NET_F_CTRL_VQ,
                    Feature.VIRTIO_NET_F_GUEST_ANNOUNCE,
                    Feature.VIRTIO_NET_F_MQ,
                    Feature.VHOST_F_LOG_ALL,
                    Feature.VHOST_USER_F_PROTOCOL_FEATURES);

    static final long OFFERED_PROTOCOL = ProtocolFeature.mask(
            ProtocolFeature.VHOST_USER_PROTOCOL_F_MQ,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_LOG_SHMFD,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_RARP,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_MTU,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_RESET_DEVICE,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_STATUS);

    private final PortContext context;
    private final MemoryRules rules;
    private final MemorySlots slots;
    private final LogSlot log = new LogSlot();
    private final Vring[] vrings =
            IntStream.range(0, VRINGS).mapToObj(i -> new Vring()).toArray(Vring[]::new);
    private final RunningQueues running;
    private final FeatureOffer offer;
    private long features;
    private long protocolFeatures;
    private int status;
    private long mtu;
    private String featuresRejected = "";
    private String memoryRejected = "";

    VhostNetDevice(PortContext context, FeatureSettings disabled, MemoryRules rules) {
        this.context = context;
        this.rules = rules;
        this.slots = new MemorySlots(MAX_MEMORY_SLOTS, rules);
        this.offer = new FeatureOffer(context.name(), OFFERED, disabled, context.stateFile());
        this.running = new RunningQueues(context, vrings, log);
    }

    @Override
    public synchronized void connected(UnixSocket.Peer peer) {
        offer.connected(peer);
    }

    @Override
    public synchronized long offeredFeatures() {
        return offer.offer();
    }

    @Override
    public synchronized void setFeatures(long wanted) throws RefusedException {
        long unknown = wanted & ~offer.offered();
        if (unknown != 0) {
            featuresRejected = "the front end wants " + Feature.names(unknown) + ", which is not offered";
            throw new RefusedException("features that were not offered: " + Feature.names(unknown));
        }
        featuresRejected = "";
        offer.acknowledged(wanted);
        if (wanted == features) {
            return; // front ends repeat themselves for every queue pair
        }
        boolean anotherLayout = RingLayout.of(wanted) != RingLayout.of(features);
        if (anotherLayout && Arrays.stream(vrings).anyMatch(Vring::started)) {
            throw new RefusedException("the ring layout cannot become " + RingLayout.of(wanted) + " while rings run");
        }
        if ((wanted ^ features) == Feature.VHOST_F_LOG_ALL.mask()) {
            changeLogging(() -> features = wanted);
            return;
        }
        change(index -> true, () -> {
            features = wanted;
            if (anotherLayout) {
                // Where a queue of the one layout stood says nothing of the other.
                Arrays.stream(vrings).forEach(Vring::forgetBase);
            }
            if (!Feature.VHOST_USER_F_PROTOCOL_FEATURES.in(wanted)) {
                // Such a front end knows no SET_VRING_ENABLE.
                for (Vring vring : vrings) {
                    vring.setEnabled(true);
                }
            }
        });
    }

    @Override
    public long offeredProtocolFeatures() {
        return OFFERED_PROTOCOL;
    }

    @Override
    public synchronized void setProtocolFeatures(long wanted) throws RefusedException {
        long unknown = wanted & ~OFFERED_PROTOCOL;
        if (unknown != 0) {
            throw new RefusedException("protocol features that were not offered: " + ProtocolFeature.names(unknown));
        }
        protocolFeatures = wanted;
    }

    @Override
    public void setOwner() {
        // A connection has one owner, the process at its other end, from its first byte on.
    }

    @Override
    public void resetOwner() {
        resetDevice();
    }

    @Override
    public synchronized void resetDevice() {
        change(index -> true, () -> {
            for (Vring vring : vrings) {
                vring.stop();
                vring.setEnabled(false);
            }
            status = 0;
        });
        featuresRejected = "";
    }

    @Override
    public void setMemoryTable(List<RegionDescription> regions, List<Fd> files) throws RefusedException {
        try {
            check("guest memory", files);
            synchronized (this) {
                changeMemory(slots.mapTable(regions, files));
                memoryRejected = "";
            }
        } catch (RefusedException e) {
            rejectMemory(e);
            throw e;
        }
    }

    private synchronized void rejectMemory(RefusedException e) {
        memoryRejected = String.valueOf(e.getMessage());
    }

    /**
     * Refuses files that are not memory, and closes them all then. Not under the device's lock: closing a file of a strange file system may take as long as
     * that likes, and operators' questions wait for the lock.
     */
    private void check(String what, List<Fd> files) throws RefusedException {
        try {
            for (Fd file : files) {
                rules.check(what, file);
            }
        } catch (InvalidMemoryException e) {
            files.forEach(Fd::close);
            throw new RefusedException(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public int maxMemorySlots() {
        return MAX_MEMORY_SLOTS;
    }

    @Override
    public void addMemoryRegion(RegionDescription region, Fd file) throws RefusedException {
        try {
            check("guest memory", List.of(file));
            synchronized (this) {
                changeMemory(slots.mapAddition(region, file));
                memoryRejected = "";
            }
        } catch (RefusedException e) {
            if (slots.memory().regions().isEmpty()) { // otherwise what is there goes on
                rejectMemory(e);
            }
            throw e;
        }
    }

    @Override
    public synchronized void removeMemoryRegion(RegionDescription region) throws RefusedException {
        changeMemory(slots.without(region));
    }

    @Override
    public synchronized void setVringSize(long index, long size) throws RefusedException {
        Vring vring = vring(index);
        RingLayout layout = RingLayout.of(features);
        if (!layout.isValidSize(size)) {
            throw new RefusedException(
                    "vring " + index + ": size " + size + " of a " + layout + " ring; allowed: " + layout.validSizes());
        }
        if (vring.started() && size != vring.size()) {
            throw new RefusedException("vring " + index + ": size " + size + " while it runs with " + vring.size());
        }
        vring.setSize((int) size);
    }

    @Override
    public void setLogBase(LogDescription description, Fd file) throws RefusedException {
        check("the dirty log", List.of(file));
        replaceLog(description, file);
    }

    private synchronized void replaceLog(LogDescription description, Fd file) throws RefusedException {
        if (!ProtocolFeature.VHOST_USER_PROTOCOL_F_LOG_SHMFD.in(protocolFeatures)) {
            file.close();
            throw new RefusedException("a log without VHOST_USER_PROTOCOL_F_LOG_SHMFD");
        }
        DirtyLog next = LogSlot.map(description, file, slots.memory());
        changeLogging(() -> log.replace(Optional.of(next)));
    }

    @Override
    public void setLogSignal(Fd signal) throws RefusedException {
        Optional<EventFd> bell = doorbell("the log", Optional.of(signal));
        synchronized (this) {
            changeLogging(() -> log.replaceSignal(bell));
        }
    }

    @Override
    public synchronized void setVringAddresses(VringAddresses addresses) throws RefusedException {
        Vring vring = vring(addresses.index());
        if (vring.size() > 0) {
            running.check(addresses, vring.size(), features, slots.memory());
        }
        if (vring.addresses().equals(Optional.of(addresses))) {
            return; // front ends repeat themselves
        }
        if (vring.addresses().filter(addresses::isSameRing).isPresent()) {
            changeLogging(() -> vring.setAddresses(addresses));
        } else {
            change(only(addresses.index()), () -> vring.setAddresses(addresses));
        }
    }

    @Override
    public synchronized void setVringBase(long index, long base) throws RefusedException {
        Vring vring = vring(index);
        RingLayout layout = RingLayout.of(features);
        if (vring.size() > 0 && !layout.isValidBase(base, vring.size())) {
            throw new RefusedException(String.format(
                    "vring %d: base 0x%x; that is outside a %s ring of %d entries", index, base, layout, vring.size()));
        }
        if (vring.started()) {
            throw new RefusedException("vring " + index + ": base given while it runs");
        }
        vring.setBase(base);
    }

    @Override
    public synchronized long stopVring(long index) throws RefusedException {
        Vring vring = vring(index);
        change(only(index), vring::stop);
        return vring.baseOr(RingLayout.of(features).freshBase());
    }

    @Override
    public void setVringKick(int index, Optional<Fd> kick) throws RefusedException {
        start(index, doorbell(index, kick));
    }

    private synchronized void start(int index, Optional<EventFd> bell) throws RefusedException {
        Vring vring = vrings[index];
        try {
            if (vring.size() == 0 || vring.addresses().isEmpty()) {
                throw new RefusedException("vring " + index + " is started before its size and addresses are given");
            }
            running.check(vring.addresses().get(), vring.size(), features, slots.memory());
        } catch (RefusedException e) {
            bell.ifPresent(EventFd::close);
            throw e;
        }
        // Nobody listens to the kicks of a receive queue, so that one goes on.
        change(vring.started() && RunningQueues.isReceive(index) ? i -> false : only(index), () -> {
            vring.setKick(bell);
            vring.start();
        });
    }

    @Override
    public void setVringCall(int index, Optional<Fd> call) throws RefusedException {
        replaceCall(index, doorbell(index, call));
    }

    private synchronized void replaceCall(int index, Optional<EventFd> bell) {
        if (running.replaceCall(index, bell)) {
            vrings[index].setCall(bell);
        } else {
            change(only(index), () -> vrings[index].setCall(bell));
        }
        // The guest may have been owed a notification through the descriptor before this one.
        bell.ifPresent(EventFd::signal);
    }

    @Override
    public void setVringError(int index, Optional<Fd> error) throws RefusedException {
        Optional<EventFd> bell = doorbell(index, error);
        synchronized (this) {
            change(only(index), () -> vrings[index].setError(bell));
        }
    }

    @Override
    public synchronized void setVringEnabled(long index, boolean enabled) throws RefusedException {
        Vring vring = vring(index);
        if (vring.enabled() != enabled) {
            change(only(index), () -> vring.setEnabled(enabled));
        }
    }

    /** Twice the pairs, since Cloud Hypervisor compares the number with single queues, and QEMU only asks whether it is enough. */
    @Override
    public int queueNumber() {
        return 2 * MAX_QUEUE_PAIRS;
    }

    @Override
    public synchronized void announce(long address) throws RefusedException {
        long mac = Long.reverseBytes(address) >>> 16;
        if (!MacAddress.isValidSource(mac)) {
            throw new RefusedException("no station can have the address " + MacAddress.format(mac));
        }
        if (!context.inject(Rarp.announcement(mac))) {
            throw new RefusedException("more announcements than the switch can make");
        }
    }

    @Override
    public synchronized void setMtu(long wanted) throws RefusedException {
        if (wanted < MIN_MTU || wanted > MAX_MTU) {
            throw new RefusedException("MTU " + wanted + "; allowed: " + MIN_MTU + " to " + MAX_MTU);
        }
        mtu = wanted;
    }

    @Override
    public synchronized int status() {
        return featuresRejected.isEmpty() ? status : status & ~DeviceStatus.FEATURES_OK.mask();
    }

    @Override
    public synchronized void setStatus(int wanted) {
        if (wanted == 0) {
            resetDevice();
        }
        status = wanted;
    }

    @Override
    public synchronized void disconnected() {
        change(index -> true, () -> {
            for (Vring vring : vrings) {
                vring.reset();
            }
            slots.replace(GuestMemory.EMPTY);
            slots.forget();
            running.forget();
            log.replace(Optional.empty());
            log.replaceSignal(Optional.empty());
            features = 0;
            protocolFeatures = 0;
            status = 0;
            mtu = 0;
            featuresRejected = "";
            memoryRejected = "";
        });
        context.forgetAddresses();
    }

    /** Changes the device while no worker has the rings concerned, and lets all run that can. The other rings go on meanwhile. */
    private void change(IntPredicate affected, Runnable change) {
        running.withdraw(affected);
        change.run();
        slots.closeUnused();
        log.closeUnused();
        running.publish(features, slots.memory());
    }

    private void changeMemory(GuestMemory next) {
        if (next.regions().equals(slots.memory().regions())) {
            return; // front ends repeat themselves for every queue pair
        }
        running.move(features, next);
        slots.replace(next);
        slots.closeUnused();
        running.publish(features, next);
    }

    /** Changes what is logged, and where, while the queues go on: those that can log it. */
    private void changeLogging(Runnable change) {
        change.run();
        running.move(features, slots.memory());
        log.closeUnused();
        running.publish(features, slots.memory());
    }

    private static IntPredicate only(long index) {
        return i -> i == index;
    }

    private Vring vring(long index) throws RefusedException {
        if (index >= VRINGS) {
            throw new RefusedException("vring " + index + "; allowed: 0 to " + (VRINGS - 1));
        }
        return vrings[(int) index];
    }

    /** Takes a bell, or closes what is none; not under the device's lock, as said at {@link #check}. */
    private Optional<EventFd> doorbell(int index, Optional<Fd> descriptor) throws RefusedException {
        try {
            vring(index);
        } catch (RefusedException e) {
            descriptor.ifPresent(Fd::close);
            throw e;
        }
        return doorbell("vring " + index, descriptor);
    }

    private static Optional<EventFd> doorbell(String owner, Optional<Fd> descriptor) throws RefusedException {
        try {
            return descriptor.map(EventFd::adopt);
        } catch (IllegalArgumentException | LinuxException e) {
            throw new RefusedException(owner + ": " + e.getMessage(), e);
        }
    }

    GuestMemory memory() {
        return slots.memory();
    }

    boolean memoryIntact() {
        return slots.memory().intact() && log.intact();
    }

    long memoryChangedMillis() {
        return Math.max(slots.memory().changedMillis(), log.changedMillis());
    }

    /** Whether frames can pass, and if not, why. */
    synchronized PortStatus portStatus() {
        if (!featuresRejected.isEmpty()) {
            return PortStatus.down("features rejected: " + featuresRejected);
        }
        if (!memoryRejected.isEmpty()) {
            return PortStatus.down("memory not shared: " + memoryRejected);
        }
        if (features != 0 && slots.memory().regions().isEmpty()) {
            return PortStatus.down(
                    "memory not shared: the front end has given none, although its guest's driver is there"
                            + " (guest memory must be a file that is shared: in QEMU a memory backend with share=on)");
        }
        return running.status();
    }

    synchronized VhostDetails.Device view() {
        return new VhostDetails.Device(
                Feature.names(features),
                ProtocolFeature.names(protocolFeatures),
                new VhostDetails.Offer(
                        Feature.names(OFFERED & ~offer.offered()), offer.kept(), offer.lost(), offer.trouble()),
                RingLayout.of(features).toString(),
                DeviceStatus.names(status()),
                mtu,
                slots.view(),
                running.view());
    }
}
