package io.patchbay.vhost.net;

import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortStatus;
import io.patchbay.core.worker.Switchboard;
import io.patchbay.vhost.frontend.DriverRing;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.memory.MemoryPool;
import io.patchbay.vhost.memory.MemoryRules;
import io.patchbay.vhost.session.RefusedException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;

/** A guest of {@link WarmUp} and its port in one: front end and device of one process, without a socket between them. Confined to one thread. */
final class WarmUpGuest implements Port {

    private static final int BURST = 64;
    private static final int SHORT = 60;
    private static final int LONG = 1514;
    private static final long MOST_MEMORY = 1L << 30;
    private static final long LOCAL = 0x0200_0000_0000L;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final FrontEndSettings settings;
    private final FrontEnd frontEnd;
    private Optional<VhostNetDevice> device = Optional.empty();

    /** Its frames go from one address to another. */
    WarmUpGuest(int address, int peer, FrontEndSettings settings) {
        this.settings = settings;
        this.frontEnd = FrontEnd.unconnected(settings, LONG);
        DriverRing ring = frontEnd.transmitRing();
        for (int id = 0; id < ring.size(); id++) {
            long at = ring.bufferOffset(id) + frontEnd.headerBytes();
            ring.buffers().set(U64, at, ((LOCAL | peer) << Short.SIZE) | (LOCAL >>> (2 * Short.SIZE)));
            ring.buffers().set(U64, at + Long.BYTES, (LOCAL | address) << (2 * Short.SIZE));
        }
    }

    void plugInto(Switchboard board) throws RefusedException {
        Switchboard.Attachment attachment = board.attach("warm-up", this, new PortCounters());
        VhostNetDevice made = new VhostNetDevice(
                attachment, FeatureSettings.ALL, new MemoryRules(false, MOST_MEMORY, MemoryPool.ofThisProcess()));
        device = Optional.of(made);
        made.setFeatures(settings.features());
        made.setMemoryTable(List.of(frontEnd.region()), List.of(frontEnd.memoryFile()));
        for (int index = 0; index < 2; index++) {
            made.setVringSize(index, settings.queueSize());
            made.setVringAddresses(frontEnd.addresses(index));
            made.setVringKick(index, Optional.of(frontEnd.kick(index)));
            made.setVringCall(index, Optional.of(frontEnd.call(index)));
        }
    }

    /** Sends a burst of short and long frames, or as many as there are buffers for. */
    void send() {
        DriverRing ring = frontEnd.transmitRing();
        frontEnd.reclaim();
        int n = Math.min(BURST, ring.free());
        for (int i = 0; i < n; i++) {
            int id = ring.take();
            ring.offerReadable(id, frontEnd.headerBytes() + (id % 4 == 0 ? LONG : SHORT));
        }
        frontEnd.showTransmit();
    }

    /** Takes what has come, and says how many frames that was. */
    int take() {
        return frontEnd.takeAll();
    }

    @Override
    public void start(PortContext context) {}

    @Override
    public PortStatus status() {
        return PortStatus.up("warming up");
    }

    @Override
    public Record details() {
        return status();
    }

    @Override
    public void fault(Throwable cause) {
        throw new IllegalStateException("a guest of our own failed", cause);
    }

    @Override
    public void close() {
        device.ifPresent(VhostNetDevice::disconnected);
        frontEnd.close();
    }
}
