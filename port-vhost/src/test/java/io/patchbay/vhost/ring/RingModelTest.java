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
        /** Descriptors that are marked as used and not shown, those of {@link #used} but the first; and the ring as it was without that. */
        private final List<Integer> marked = new ArrayList<>();

        private byte[] unmarked = {};
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
            if (n == swept && consumed.isEmpty() && random.nextBoolean()) {
                useTogether(n);
                return;
            }
            ring.consume(n);
            move(shown, n, consumed);
        }

        /** Gives the batch read last back. */
        private void useTogether(int n) {
            for (int i = 0; i < n; i++) {
                int bytes = driver.writable ? random.nextInt(2000) : 0;
                batch.setHead(i, shown.get(i).id());
                batch.setWritten(i, bytes);
                written.add(new DriverModel.Used(shown.get(i).id(), bytes));
            }
            int first = random.nextInt(n + 1);
            giveBack(() -> {
                ring.use(batch, 0, first);
                ring.use(batch, first, n - first);
            });
            move(shown, n, used);
        }

        private void use(int n) {
            for (int i = 0; i < n; i++) {
                int bytes = driver.writable ? random.nextInt(2000) : 0;
                int id = consumed.get(i).id();
                giveBack(() -> ring.use(id, bytes));
                written.add(new DriverModel.Used(id, bytes));
            }
            move(consumed, n, used);
        }

        private void publish() {
            boolean expected = driver.mustBeNotified(used);
            assertThat(ring.publish()).as("notified").isEqualTo(expected);
            marked.clear();
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
            if (layout == RingLayout.PACKED && !inOrder && used.size() > 1) {
                // Some but not the first are marked as used, which cannot be undone: the next device shows all empty.
                int shownEmpty = dieWhileGivingBack();
                for (int i = 0; i < shownEmpty; i++) {
                    written.set(
                            published.size() + i,
                            new DriverModel.Used(used.get(i).id(), 0));
                }
                // The guest is notified of whatever it missed anyway.
                boolean ignored = shownEmpty > 0 && driver.mustBeNotified(used.subList(0, shownEmpty));
                move(used, shownEmpty, published);
            }
            written.subList(published.size(), written.size()).clear();
            shown.addAll(0, consumed);
            shown.addAll(0, used);
            consumed.clear();
            used.clear();
            marked.clear();
            long told = PackedRingDescriptor.base(random.nextInt(driver.size) | random.nextInt(2) << 15);
            long position = layout.recover(told, driver.size, driver.places(), driver.features, RingLog.OFF);
            ring = layout.ring(driver.size, driver.places(), driver.features, position, memory);
            armed = false;
            disarmed = false;
        }

        /**
         * Leaves some of the used descriptors behind the first as they were before.
         *
         * @return up to which chain they are marked
         */
        private int dieWhileGivingBack() {
            int last = 0;
            for (int chain = 1; chain < used.size(); chain++) {
                int at = marked.get(chain - 1) * PackedRingDescriptor.DESCRIPTOR_BYTES;
                if (random.nextBoolean()) {
                    last = chain + 1;
                } else {
                    int bytes = PackedRingDescriptor.DESCRIPTOR_BYTES;
                    MemorySegment.copy(unmarked, at, driver.places().descriptors(), ValueLayout.JAVA_BYTE, at, bytes);
                }
            }
            return last;
        }

        /** Lets the device give chains back, and notes which descriptors it has marked as used although the driver is not shown them yet. */
        private void giveBack(Runnable use) {
            if (layout == RingLayout.SPLIT) {
                use.run();
                return;
            }
            byte[] now = driver.places().descriptors().toArray(ValueLayout.JAVA_BYTE);
            for (int slot : marked) {
                int at = slot * PackedRingDescriptor.DESCRIPTOR_BYTES;
                System.arraycopy(unmarked, at, now, at, PackedRingDescriptor.DESCRIPTOR_BYTES);
            }
            unmarked = now;
            int first = PackedRingDescriptor.index((int) ring.position() & 0xffff);
            use.run();
            for (int i = 0; i < driver.size; i++) {
                int slot = (first + i) % driver.size;
                if (!marked.contains(slot) && !isAsBefore(slot, unmarked)) {
                    marked.add(slot);
                }
            }
        }

        private boolean isAsBefore(int slot, byte[] before) {
            long at = (long) slot * PackedRingDescriptor.DESCRIPTOR_BYTES;
            long end = at + PackedRingDescriptor.DESCRIPTOR_BYTES;
            return MemorySegment.mismatch(
                            driver.places().descriptors(), at, end, MemorySegment.ofArray(before), at, end)
                    < 0;
        }

        private static void move(List<DriverModel.Offer> from, int n, List<DriverModel.Offer> to) {
            to.addAll(from.subList(0, n));
            from.subList(0, n).clear();
        }
    }
}
