package io.patchbay.vhost.frontend;

import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.GuestRegion;
import io.patchbay.vhost.memory.InvalidMemoryException;
import io.patchbay.vhost.ring.ChainBatch;
import io.patchbay.vhost.ring.DeviceRing;
import io.patchbay.vhost.ring.RingFeatures;
import io.patchbay.vhost.ring.RingLayout;
import io.patchbay.vhost.ring.RingPlaces;
import io.patchbay.vhost.wire.RegionDescription;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * A burst goes through a virtqueue and back, both sides on one processor: what the layouts cost without a cache line that travels. Run by
 * testbed/bench/micro.
 */
@State(Scope.Thread)
public class RingBenchmark {

    private static final int BURST = 64;
    private static final int SIZE = 256;
    private static final int BUFFER = 2048;
    private static final long GUEST_ADDRESS = 0x4000_0000L;
    private static final long AVAILABLE = 0x2000;
    private static final long USED = 0x3000;
    private static final long BUFFERS = 0x4000;
    private static final long BYTES = BUFFERS + (long) SIZE * BUFFER;

    @Param
    public RingLayout layout = RingLayout.SPLIT;

    /** Whether the device writes to the buffers: a queue that the guest receives on. */
    @Param({"false", "true"})
    public boolean writable;

    private GuestRegion region;
    private DriverRing driver;
    private DeviceRing device;
    private final ChainBatch batch = new ChainBatch();

    @Setup(Level.Trial)
    public void start() throws InvalidMemoryException {
        region = GuestRegion.map(
                new RegionDescription(GUEST_ADDRESS, BYTES, 0x7000_0000, 0), SharedMemory.createMemfd("ring", BYTES));
        MemorySegment memory = region.memory();
        RingPlaces places = new RingPlaces(
                memory.asSlice(0, AVAILABLE),
                memory.asSlice(AVAILABLE, USED - AVAILABLE),
                memory.asSlice(USED, BUFFERS - USED));
        DriverRing.RingMemory parts = new DriverRing.RingMemory(
                places.descriptors(),
                places.available(),
                places.used(),
                memory.asSlice(BUFFERS),
                GUEST_ADDRESS + BUFFERS);
        driver = layout == RingLayout.PACKED
                ? new PackedDriverRing(parts, SIZE, BUFFER, false)
                : new SplitDriverRing(parts, SIZE, BUFFER, writable, true, false);
        device = layout.ring(
                SIZE, places, new RingFeatures(true, true, false), layout.freshBase(), GuestMemory.of(List.of(region)));
        device.disableKicks();
    }

    @TearDown(Level.Trial)
    public void stop() {
        region.close();
    }

    @Benchmark
    @OperationsPerInvocation(BURST)
    public int burst() {
        for (int i = 0; i < BURST; i++) {
            int id = driver.take();
            if (writable) {
                driver.offer(id);
            } else {
                driver.offerReadable(id, 76);
            }
        }
        boolean kick = driver.publish();
        int chains = Math.min(device.available(BURST), BURST);
        device.readBatch(chains, writable, batch);
        for (int i = 0; i < chains; i++) {
            batch.setWritten(i, writable ? 76 : 0);
        }
        device.use(batch, 0, chains);
        boolean call = device.publish();
        int back = 0;
        while (driver.next()) {
            driver.putBack(driver.usedId());
            back++;
        }
        if (back != BURST) {
            throw new IllegalStateException(back + " of " + BURST + " came back: " + device.whyBroken());
        }
        return back + (kick ? 1 : 0) + (call ? 1 : 0);
    }
}
