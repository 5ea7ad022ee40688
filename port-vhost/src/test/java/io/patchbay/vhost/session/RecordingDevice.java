package io.patchbay.vhost.session;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.ThreadClock;
import io.patchbay.core.linux.UnixSocket;
import io.patchbay.vhost.wire.LogDescription;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.VringAddresses;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;

/** Writes down what it is asked, closes what it is given, and refuses or fails on request. */
final class RecordingDevice implements VhostDevice {

    static final long FEATURES = 0x1_7000_8000L;
    static final long QUEUES = 64;
    static final long SLOTS = 509;
    static final int BASE = 0xabcd;
    static final int STATUS = 0x0f;

    final List<String> calls = new CopyOnWriteArrayList<>();
    volatile boolean refusing;
    volatile boolean failing;
    /** Processor time that whatever it is asked takes. */
    volatile Duration burning = Duration.ZERO;

    private void obey(String call) throws RefusedException {
        note(call);
        if (refusing) {
            throw new RefusedException("the test says no");
        }
    }

    private void note(String call) {
        calls.add(call);
        burn();
        if (failing) {
            throw new IllegalStateException("the test makes the device fail");
        }
    }

    private void burn() {
        ThreadClock clock = new ThreadClock();
        long left = burning.toNanos();
        while (left > 0) {
            left -= clock.lap();
        }
    }

    @Override
    public void connected(UnixSocket.Peer peer) {
        // What it is asked is written down, not by whom.
    }

    @Override
    public long offeredFeatures() {
        note("offeredFeatures");
        return FEATURES;
    }

    @Override
    public void setFeatures(long features) throws RefusedException {
        obey("setFeatures 0x" + Long.toHexString(features));
    }

    @Override
    public long offeredProtocolFeatures() {
        note("offeredProtocolFeatures");
        return ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK.mask();
    }

    @Override
    public void setProtocolFeatures(long features) throws RefusedException {
        obey("setProtocolFeatures 0x" + Long.toHexString(features));
    }

    @Override
    public void setOwner() {
        note("setOwner");
    }

    @Override
    public void resetOwner() {
        note("resetOwner");
    }

    @Override
    public void resetDevice() {
        note("resetDevice");
    }

    @Override
    public void setMemoryTable(List<RegionDescription> regions, List<Fd> files) throws RefusedException {
        files.forEach(Fd::close);
        obey("setMemoryTable " + regions + " with " + files.size());
    }

    @Override
    public int maxMemorySlots() {
        note("maxMemorySlots");
        return (int) SLOTS;
    }

    @Override
    public void addMemoryRegion(RegionDescription region, Fd file) throws RefusedException {
        file.close();
        obey("addMemoryRegion " + region);
    }

    @Override
    public void removeMemoryRegion(RegionDescription region) throws RefusedException {
        obey("removeMemoryRegion " + region);
    }

    @Override
    public void setLogBase(LogDescription log, Fd file) throws RefusedException {
        file.close();
        obey("setLogBase " + log);
    }

    @Override
    public void setLogSignal(Fd signal) throws RefusedException {
        signal.close();
        obey("setLogSignal");
    }

    @Override
    public void setVringSize(long index, long size) throws RefusedException {
        obey("setVringSize " + index + " " + size);
    }

    @Override
    public void setVringAddresses(VringAddresses addresses) throws RefusedException {
        obey("setVringAddresses " + addresses);
    }

    @Override
    public void setVringBase(long index, long base) throws RefusedException {
        obey("setVringBase " + index + " " + base);
    }

    @Override
    public long stopVring(long index) throws RefusedException {
        obey("stopVring " + index);
        return BASE;
    }

    @Override
    public void setVringKick(int index, Optional<Fd> kick) throws RefusedException {
        file("setVringKick", index, kick);
    }

    @Override
    public void setVringCall(int index, Optional<Fd> call) throws RefusedException {
        file("setVringCall", index, call);
    }

    @Override
    public void setVringError(int index, Optional<Fd> error) throws RefusedException {
        file("setVringError", index, error);
    }

    private void file(String call, int index, Optional<Fd> file) throws RefusedException {
        file.ifPresent(Fd::close);
        obey(call + " " + index + (file.isPresent() ? " with a descriptor" : " without"));
    }

    @Override
    public void setVringEnabled(long index, boolean enabled) throws RefusedException {
        obey("setVringEnabled " + index + " " + enabled);
    }

    @Override
    public int queueNumber() {
        note("queueNumber");
        return (int) QUEUES;
    }

    @Override
    public void announce(long address) throws RefusedException {
        obey("announce 0x" + Long.toHexString(address));
    }

    @Override
    public void setMtu(long mtu) throws RefusedException {
        obey("setMtu " + mtu);
    }

    @Override
    public int status() {
        note("status");
        return STATUS;
    }

    @Override
    public void setStatus(int status) throws RefusedException {
        obey("setStatus " + status);
    }

    @Override
    public void disconnected() {
        note("disconnected");
    }

    long disconnects() {
        return calls.stream().filter("disconnected"::equals).count();
    }
}
