package io.patchbay.vhost.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.GuestRegion;
import io.patchbay.vhost.wire.RegionDescription;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Random valid operations of a driver and a device, against a model of the specification. A failure names its seed. */
class RingModelTest {

    private static final int SEEDS = 60;
    private static final int STEPS = 3000;

    private GuestRegion region;

    @BeforeEach
    void map() throws Exception {
        region = GuestRegion.map(
                new RegionDescription(DriverModel.GUEST_ADDRESS, DriverModel.MEMORY_BYTES, 0x7000_0000, 0),
                SharedMemory.createMemfd("model", DriverModel.MEMORY_BYTES));
    }

    @AfterEach
    void unmap() {
        region.close();
    }

    @ParameterizedTest
    @EnumSource(RingLayout.class)
    void theDeviceDoesWhatTheSpecificationSays(RingLayout layout) throws Exception {
        for (long seed = 1; seed <= SEEDS; seed++) {
            region.memory().fill((byte) 0);
            try {
                Run run = new Run(layout, seed);
                run.steps();
                assertThat(run.simple).as("chains read in sweeps").isPositive();
            } catch (AssertionError | RuntimeException e) {
                throw new AssertionError(layout + " ring, seed " + seed, e);
            }
        }
    }

    /** One queue's life. */
    private final class Run {

        private final Random random;
        private final RingLayout layout;
        private final DriverModel driver;
        private final GuestMemory memory = GuestMemory.of(List.of(region));
        private final Chain chain = new Chain();
        private final ChainBatch batch = new ChainBatch();
        private int simple;
        /** Chains in the hands of each, oldest first: shown to the device, consumed by it, used by it, published. */
        private final List<DriverModel.Offer> shown = new ArrayList<>();

        private final List<DriverModel.Offer> consumed = new ArrayList<>();
        private final List<DriverModel.Offer> used = new ArrayList<>();
        private final List<DriverModel.Offer> published = new ArrayList<>();
        private final List<DriverModel.Used> written = new ArrayList<>();
        private DeviceRing ring;
        private boolean armed;
        private boolean disarmed;

        Run(RingLayout layout, long seed) throws Exception {
            // Small seeds as they are all begin with true.
            this.random = new Random(seed * 0x9e37_79b9_7f4a_7c15L);
            this.layout = layout;
            boolean writable = random.nextBoolean();
            RingFeatures features = new RingFeatures(random.nextBoolean(), true, !writable && random.nextBoolean());
            if (layout == RingLayout.PACKED) {
                int size = random.nextInt(3) == 0 ? 1 + random.nextInt(5) : 1 + random.nextInt(300);
                int start = random.nextInt(size) | (random.nextBoolean() ? 1 << 15 : 0);
                driver = new PackedDriverModel(region.memory(), size, features, writable, random, start);
                start(PackedRingDescriptor.base(start));
            } else {
                int size = 2 << random.nextInt(8);
                int start = random.nextBoolean() ? 0 : random.nextInt(65_536);
                driver = new SplitDriverModel(region.memory(), size, features, writable, random, start);
                start(start);
            }
        }

        private void start(long base) throws Exception {
            long position = layout.resume(base, driver.size, driver.places());
            ring = layout.ring(driver.size, driver.places(), driver.features, position, memory);
            armed = false;
            disarmed = false;
        }

        void steps() throws Exception {
            for (int step = 0; step < STEPS; step++) {
                switch (random.nextInt(11)) {
                    case 0, 1, 2 -> offer();
                    case 3 -> look();
                    case 4, 5 -> take();
                    case 6 -> use(random.nextInt(consumed.size() + 1));
                    case 7 -> publish();
                    case 8 -> reap();
                    case 9 -> changeInterests();
                    default -> {
                        switch (random.nextInt(20)) {
                            case 0, 1 -> stopAndStartAgain();
                            case 2, 3 -> dieAndStartAgain();
                            default -> {}
                        }
                    }
                }
            }
        }

        private void offer() {
            boolean any = false;
            for (int n = random.nextInt(8); n > 0; n--) {
                List<DriverModel.Piece> pieces = new ArrayList<>();
                for (int i = 1 + random.nextInt(DriverModel.MAX_PIECES); i > 0; i--) {
                    pieces.add(DriverModel.randomPiece(random));
                }
                boolean viaTable = random.nextInt(3) == 0;
                if (driver.hasRoom(viaTable ? 1 : pieces.size())) {
                    shown.add(driver.offer(pieces, viaTable));
                    any = true;
                }
            }
            boolean kick = driver.show();
            if (any && armed) {
                assertThat(kick).as("kicked after the device asked for it").isTrue();
                armed = false;
            }
            if (any && disarmed) {
                assertThat(kick)
                        .as("kicked after the device said that it need not be")
                        .isFalse();
            }
        }

        private void look() {
            int wanted = 1 + random.nextInt(20);
            assertThat(ring.available(wanted)).isBetween(Math.min(wanted, shown.size()), shown.size());
        }

        private void take() {
            int there = ring.available(1 + random.nextInt(20));
            int n = random.nextInt(there + 1);
            int swept = Math.min(n, ChainBatch.CAPACITY);
            ring.readBatch(swept, driver.writable, batch);
            for (int i = 0; i < swept; i++) {
                List<DriverModel.Piece> pieces = shown.get(i).pieces();
                // A chain through a table may be of one buffer too, but is not read in a sweep.
                assertThat(!batch.isSimple(i) || pieces.size() == 1).isTrue();
                if (batch.isSimple(i)) {
                    assertThat(batch.head(i)).isEqualTo(shown.get(i).id());
                    assertThat(batch.length(i)).isEqualTo(pieces.getFirst().length());
                    assertThat(DriverModel.GUEST_ADDRESS + batch.offset(i))
                            .isEqualTo(pieces.getFirst().address());
                    simple++;
                }
            }
            for (int ahead = 0; ahead < n; ahead++) {
                chain.clear();
                assertThat(ring.read(ahead, driver.writable, chain)).isEqualTo(ChainResult.OK);
                DriverModel.Offer offer = shown.get(ahead);
                assertThat(chain.head(0)).isEqualTo(offer.id());
                List<DriverModel.Piece> pieces = new ArrayList<>();
                for (int s = 0; s < chain.segments(); s++) {
                    pieces.add(new DriverModel.Piece(DriverModel.GUEST_ADDRESS + chain.offset(s), chain.length(s)));
                }
                assertThat(pieces).isEqualTo(offer.pieces());
            }
            ring.consume(n);
            move(shown, n, consumed);
        }

        private void use(int n) {
            for (int i = 0; i < n; i++) {
                int bytes = driver.writable ? random.nextInt(2000) : 0;
                ring.use(consumed.get(i).id(), bytes);
                written.add(new DriverModel.Used(consumed.get(i).id(), bytes));
            }
            move(consumed, n, used);
        }

        private void publish() {
            boolean expected = driver.mustBeNotified(used);
            assertThat(ring.publish()).as("notified").isEqualTo(expected);
            move(used, used.size(), published);
        }

        private void reap() {
            List<DriverModel.Used> got = driver.reap(published);
            assertThat(got).isEqualTo(written.subList(0, published.size()));
            written.subList(0, got.size()).clear();
            published.clear();
        }

        private void changeInterests() {
            switch (random.nextInt(3)) {
                case 0 -> driver.setInterest(random);
                case 1 -> {
                    assertThat(ring.enableKicks()).isEqualTo(!shown.isEmpty());
                    armed = shown.isEmpty();
                    disarmed = false;
                }
                default -> {
                    ring.disableKicks();
                    // A split ring with event index goes on being kicked at the index it gave last.
                    boolean silenced = layout == RingLayout.PACKED || !driver.features.eventIdx();
                    armed &= !silenced;
                    disarmed = silenced;
                }
            }
        }

        private void stopAndStartAgain() throws Exception {
            use(consumed.size());
            publish();
            start(ring.position());
        }

        /** The device is gone in the middle of whatever it did, and the next is told nonsense of where it stood. */
        private void dieAndStartAgain() throws Exception {
            ring.disableKicks(); // as a worker does before it serves a queue
            if (used.isEmpty() && consumed.isEmpty() && random.nextBoolean()) {
                assertThat(ring.enableKicks()).isEqualTo(!shown.isEmpty());
            }
            boolean inOrder = driver.features.usedInBatches();
            if (layout == RingLayout.PACKED && !inOrder && used.size() > 1 && dieWhilePublishing()) {
                // Some but not the first are marked as used, which cannot be undone: the next device shows all empty.
                for (int i = 0; i < used.size(); i++) {
                    written.set(
                            published.size() + i,
                            new DriverModel.Used(used.get(i).id(), 0));
                }
                boolean ignored = driver.mustBeNotified(used); // the guest is notified of whatever it missed anyway
                move(used, used.size(), published);
            }
            written.subList(published.size(), written.size()).clear();
            shown.addAll(0, consumed);
            shown.addAll(0, used);
            consumed.clear();
            used.clear();
            long told = PackedRingDescriptor.base(random.nextInt(driver.size) | random.nextInt(2) << 15);
            long position = layout.recover(told, driver.size, driver.places(), driver.features, RingLog.OFF);
            ring = layout.ring(driver.size, driver.places(), driver.features, position, memory);
            armed = false;
            disarmed = false;
        }

        /** Publishes, and leaves the first so many used descriptors as they were before; false if that is all of them. */
        private boolean dieWhilePublishing() {
            MemorySegment descriptors = driver.places().descriptors();
            MemorySegment event = driver.places().used();
            byte[] before = descriptors.toArray(ValueLayout.JAVA_BYTE);
            byte[] eventBefore = event.toArray(ValueLayout.JAVA_BYTE);
            ring.publish();
            int slot = 0;
            while (isAsBefore(slot, before) || id(slot) != used.getFirst().id()) {
                slot++;
            }
            int unwritten = 1 + random.nextInt(used.size());
            for (int left = unwritten; left > 0; slot = (slot + 1) % driver.size) {
                if (!isAsBefore(slot, before)) {
                    int at = slot * PackedRingDescriptor.DESCRIPTOR_BYTES;
                    MemorySegment.copy(
                            before, at, descriptors, ValueLayout.JAVA_BYTE, at, PackedRingDescriptor.DESCRIPTOR_BYTES);
                    left--;
                }
            }
            event.copyFrom(MemorySegment.ofArray(eventBefore));
            return unwritten < used.size();
        }

        private boolean isAsBefore(int slot, byte[] before) {
            long at = (long) slot * PackedRingDescriptor.DESCRIPTOR_BYTES;
            long end = at + PackedRingDescriptor.DESCRIPTOR_BYTES;
            return MemorySegment.mismatch(
                            driver.places().descriptors(), at, end, MemorySegment.ofArray(before), at, end)
                    < 0;
        }

        private int id(int slot) {
            long at = (long) slot * PackedRingDescriptor.DESCRIPTOR_BYTES + PackedRingDescriptor.DESCRIPTOR_ID;
            return driver.places().descriptors().get(ValueLayout.JAVA_SHORT_UNALIGNED, at) & 0xffff;
        }

        private static void move(List<DriverModel.Offer> from, int n, List<DriverModel.Offer> to) {
            to.addAll(from.subList(0, n));
            from.subList(0, n).clear();
        }
    }
}
