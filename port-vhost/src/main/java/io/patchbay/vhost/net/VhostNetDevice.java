package io.patchbay.vhost.net;

import io.patchbay.core.frame.MacAddress;
import io.patchbay.core.frame.Rarp;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.UnixSocket;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortStatus;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.MemoryRules;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.session.VhostDevice;
import io.patchbay.vhost.wire.DeviceStatus;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.LogDescription;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.VringAddresses;
import java.util.List;
import java.util.Optional;

/**
 * A virtio network device, as front ends configure it: negotiates, owns what they send, and leaves to {@link Virtqueues} what they make of its queues.
 *
 * <p>Messages come from the session's thread; {@link #view}, {@link #portStatus} and {@link #memoryIntact} may be called by any.
 */
final class VhostNetDevice implements VhostDevice {

    private static final int MIN_MTU = 68;
    private static final int MAX_MTU = 65_535;

    private final PortContext context;
    private final MemoryRules rules;
    private final Virtqueues queues;
    private final FeatureOffer offer;
    private long protocolFeatures;
    private int status;
    private long mtu;
    private String featuresRejected = "";
    private String memoryRejected = "";

    VhostNetDevice(PortContext context, FeatureSettings disabled, MemoryRules rules) {
        this.context = context;
        this.rules = rules;
        this.queues = new Virtqueues(context, rules);
        this.offer = new FeatureOffer(context.name(), NetFeatures.VIRTIO, disabled, context.stateFile());
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
        try {
            offer.check(wanted);
            queues.setFeatures(wanted);
        } catch (RefusedException e) {
            featuresRejected = String.valueOf(e.getMessage());
            throw e;
        }
        featuresRejected = "";
        offer.acknowledged(wanted);
    }

    @Override
    public long offeredProtocolFeatures() {
        return NetFeatures.PROTOCOL;
    }

    @Override
    public synchronized void setProtocolFeatures(long wanted) throws RefusedException {
        long unknown = wanted & ~NetFeatures.PROTOCOL;
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
        queues.reset();
        status = 0;
        featuresRejected = "";
    }

    @Override
    public void setMemoryTable(List<RegionDescription> regions, List<Fd> files) throws RefusedException {
        changeMemory(files, () -> queues.setMemoryTable(regions, files));
    }

    private interface MemoryChange {
        void make() throws RefusedException;
    }

    private void changeMemory(List<Fd> files, MemoryChange change) throws RefusedException {
        try {
            SentFiles.checkMemory(rules, "guest memory", files);
            synchronized (this) {
                change.make();
                memoryRejected = "";
            }
        } catch (RefusedException e) {
            rejectMemory(e);
            throw e;
        }
    }

    private synchronized void rejectMemory(RefusedException e) {
        if (queues.memory().regions().isEmpty()) { // otherwise what is there goes on
            memoryRejected = String.valueOf(e.getMessage());
        }
    }

    @Override
    public int maxMemorySlots() {
        return Virtqueues.MAX_MEMORY_SLOTS;
    }

    @Override
    public void addMemoryRegion(RegionDescription region, Fd file) throws RefusedException {
        changeMemory(List.of(file), () -> queues.addMemoryRegion(region, file));
    }

    @Override
    public synchronized void removeMemoryRegion(RegionDescription region) throws RefusedException {
        queues.removeMemoryRegion(region);
    }

    @Override
    public synchronized void setVringSize(long index, long size) throws RefusedException {
        queues.setSize(index, size);
    }

    @Override
    public void setLogBase(LogDescription description, Fd file) throws RefusedException {
        SentFiles.checkMemory(rules, "the dirty log", List.of(file));
        synchronized (this) {
            if (!ProtocolFeature.VHOST_USER_PROTOCOL_F_LOG_SHMFD.in(protocolFeatures)) {
                file.close();
                throw new RefusedException("a log without VHOST_USER_PROTOCOL_F_LOG_SHMFD");
            }
            queues.setLog(description, file);
        }
    }

    @Override
    public void setLogSignal(Fd signal) throws RefusedException {
        Optional<EventFd> bell = SentFiles.bell("the log", Optional.of(signal));
        synchronized (this) {
            queues.setLogSignal(bell);
        }
    }

    @Override
    public synchronized void setVringAddresses(VringAddresses addresses) throws RefusedException {
        queues.setAddresses(addresses);
    }

    @Override
    public synchronized void setVringBase(long index, long base) throws RefusedException {
        queues.setBase(index, base);
    }

    @Override
    public synchronized long stopVring(long index) throws RefusedException {
        return queues.stop(index);
    }

    @Override
    public void setVringKick(int index, Optional<Fd> kick) throws RefusedException {
        Optional<EventFd> bell = SentFiles.bell(index, kick);
        synchronized (this) {
            queues.start(index, bell);
        }
    }

    @Override
    public void setVringCall(int index, Optional<Fd> call) throws RefusedException {
        Optional<EventFd> bell = SentFiles.bell(index, call);
        synchronized (this) {
            queues.setCall(index, bell);
        }
    }

    @Override
    public void setVringError(int index, Optional<Fd> error) throws RefusedException {
        Optional<EventFd> bell = SentFiles.bell(index, error);
        synchronized (this) {
            queues.setError(index, bell);
        }
    }

    @Override
    public synchronized void setVringEnabled(long index, boolean enabled) throws RefusedException {
        queues.setEnabled(index, enabled);
    }

    /** Twice the pairs, since Cloud Hypervisor compares the number with single queues, and QEMU only asks whether it is enough. */
    @Override
    public int queueNumber() {
        return 2 * Virtqueues.MAX_PAIRS;
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
        queues.clear();
        protocolFeatures = 0;
        status = 0;
        mtu = 0;
        featuresRejected = "";
        memoryRejected = "";
        context.forgetAddresses();
    }

    GuestMemory memory() {
        return queues.memory();
    }

    boolean memoryIntact() {
        return queues.memoryIntact();
    }

    long memoryChangedMillis() {
        return queues.memoryChangedMillis();
    }

    /** Whether frames can pass, and if not, why. */
    synchronized PortStatus portStatus() {
        if (!featuresRejected.isEmpty()) {
            return PortStatus.down("features rejected: " + featuresRejected);
        }
        if (!memoryRejected.isEmpty()) {
            return PortStatus.down("memory not shared: " + memoryRejected);
        }
        return queues.status();
    }

    synchronized VhostDetails.Device view() {
        return new VhostDetails.Device(
                Feature.names(queues.features()),
                ProtocolFeature.names(protocolFeatures),
                offer.view(),
                queues.layout().toString(),
                DeviceStatus.names(status()),
                mtu,
                queues.memoryView(),
                queues.view());
    }
}
