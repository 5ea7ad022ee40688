package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.core.port.DropReason;
import io.patchbay.vhost.frontend.DirtyLogReader;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.frontend.VhostClient;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.LogDescription;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.MessageDescriptor;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.BitSet;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Row 16: what a device writes is in the log, so that a front end can copy the guest's memory while it runs. */
@Timeout(120)
class DirtyLoggingTest {

    private static final long V1 = Feature.VIRTIO_F_VERSION_1.mask();
    private static final long MRG = Feature.VIRTIO_NET_F_MRG_RXBUF.mask();
    private static final long EVENT = Feature.VIRTIO_F_EVENT_IDX.mask();
    private static final long PACKED = Feature.VIRTIO_F_RING_PACKED.mask();
    private static final long IN_ORDER = Feature.VIRTIO_F_IN_ORDER.mask();
    private static final long PAGE = 4096;

    private GuestRig rig;

    @BeforeEach
    void start() throws Exception {
        rig = GuestRig.adaptive();
    }

    @AfterEach
    void close() throws Exception {
        rig.close();
    }

    private static VringAddresses receiveRing(FrontEnd guest, long log) {
        // Where the built-in front end has its parts for 256 entries: a page each, the first ring first.
        long base = guest.region().userAddress();
        return new VringAddresses(0, MessageDescriptor.ADDRESS_FLAG_LOG, base, base + 2 * PAGE, base + PAGE, log);
    }

    static Stream<Arguments> guests() {
        return Stream.of(
                Arguments.of("legacy", 0L, 256, 12_000),
                Arguments.of("modern event index", V1 | EVENT, 256, 9216),
                Arguments.of("modern mergeable", V1 | MRG | EVENT, 256, 2048),
                Arguments.of("mergeable buffers that share pages and cross them", V1 | MRG, 1024, 300),
                Arguments.of("large ring", V1 | EVENT, 8192, 2048),
                Arguments.of("packed", V1 | PACKED, 256, 9216),
                Arguments.of("packed event index mergeable", V1 | PACKED | MRG | EVENT, 1000, 300),
                Arguments.of("packed in order", V1 | PACKED | EVENT | IN_ORDER, 1024, 9216));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("guests")
    void aCopyKeptFromTheLogAloneIsExactWhenTheQueuesHaveStopped(
            String name, long features, int queueSize, int bufferBytes) throws Exception {
        long seed = 16;
        Random random = new Random(seed);
        FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
        FrontEnd b = rig.connect(1, new FrontEndSettings(features, queueSize, bufferBytes));
        try (MigrationDestination destination = new MigrationDestination(b, features)) {
            DirtyLogReader log = b.newLog();
            b.useLog(log);
            b.logWrites(true, true);
            // What was written before logging began is for the first copy of all memory.
            destination.takeAll();
            for (int round = 0; round < 300; round++) {
                for (int i = 0, n = random.nextInt(20); i < n; i++) {
                    a.send(GuestToGuestTest.frame(2, 1, 60 + random.nextInt(8000), random));
                }
                for (int i = 0, n = random.nextInt(10); i < n; i++) {
                    b.send(GuestToGuestTest.frame(1, 2, 60 + random.nextInt(1000), random));
                }
                if (random.nextInt(3) == 0) {
                    while (a.receive().isPresent() || b.receive().isPresent()) {
                        destination.update(log);
                    }
                }
                destination.update(log);
                if (random.nextInt(50) == 0) {
                    DirtyLogReader before = log;
                    log = b.newLog();
                    b.useLog(log); // answered once nobody logs into the one before
                    destination.update(before);
                    before.close();
                }
            }
            // Full queues of frames are still on their way when the guest is stopped.
            for (int i = 0; i < 200; i++) {
                a.send(GuestToGuestTest.frame(2, 1, 1000, random));
            }
            b.stop();
            destination.update(log);
            destination.assertSameWhereTheDeviceWrites();
            destination.assertNothingElseWasLogged();
            a.send(GuestToGuestTest.frame(2, 1, 1000, random));
            GuestRig.awaitThat(
                    "frames for a guest that has stopped are dropped",
                    () -> rig.received(0).dropped(DropReason.PORT_DOWN) > 0
                            || rig.delivered(1).dropped(DropReason.PORT_DOWN) > 0);
            destination.assertSameWhereTheDeviceWrites();
            log.close();
        } catch (AssertionError e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private void exchangeSomeFrames(FrontEnd a, FrontEnd b) {
        Random random = new Random(1);
        for (int i = 0; i < 20; i++) {
            a.send(GuestToGuestTest.frame(2, 1, 500, random));
            GuestRig.await(b);
            b.send(GuestToGuestTest.frame(1, 2, 500, random));
            GuestRig.await(a);
        }
    }

    @ParameterizedTest(name = "buffers {0}, used rings {1}")
    @MethodSource("whatToLog")
    void onlyWhatIsAskedForIsLogged(boolean buffers, boolean rings) throws Exception {
        FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
        FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
        try (DirtyLogReader log = b.newLog();
                MigrationDestination destination = new MigrationDestination(b, 0)) {
            b.useLog(log);
            b.logWrites(true, true);
            b.logWrites(buffers, rings);
            log.take(page -> {});
            exchangeSomeFrames(a, b);
            b.stop();
            destination.update(log);
            List<MemorySegment> parts = b.writtenByDevice();
            assertThat(destination.logged(parts.get(0))).as("receive ring").isEqualTo(rings);
            assertThat(destination.logged(parts.get(1))).as("transmit ring").isEqualTo(rings);
            assertThat(destination.logged(parts.get(2))).as("buffers").isEqualTo(buffers);
        }
    }

    static Stream<Arguments> whatToLog() {
        return Stream.of(
                Arguments.of(false, false),
                Arguments.of(true, false),
                Arguments.of(false, true),
                Arguments.of(true, true));
    }

    @Test
    void theSignalOfTheLogRingsOnceSomethingIsLogged() throws Exception {
        FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
        FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
        try (DirtyLogReader log = b.newLog();
                EventFd bell = EventFd.create()) {
            b.useLog(log);
            b.client().tell(Request.SET_LOG_FD, new byte[0], List.of(bell.descriptor()));
            exchangeSomeFrames(a, b);
            assertThat(bell.drain()).isFalse();
            b.logWrites(true, false);
            exchangeSomeFrames(a, b);
            assertThat(bell.drain()).isTrue();
        }
    }

    @Test
    void aSignalThatIsNoEventfdIsRefused() throws Exception {
        FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
        try (Fd file = SharedMemory.createMemfd("not a bell", 8)) {
            assertThatThrownBy(() -> a.client().tell(Request.SET_LOG_FD, new byte[0], List.of(file)))
                    .hasMessageContaining("refused");
        }
    }

    @Test
    void aLogSmallerThanMemoryIsRefusedAndEndsTheConnection() throws Exception {
        FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
        long lastPage = (a.region().guestAddress() + a.region().size() - 1) / PAGE;
        long enough = lastPage / 8 + 1;
        try (Fd file = SharedMemory.createMemfd("log", enough)) {
            a.client().exchange(Request.SET_LOG_BASE, Message.log(new LogDescription(enough, 0)), List.of(file));
            byte[] tooSmall = Message.log(new LogDescription(enough - 1, 0));
            assertThatThrownBy(() -> a.client().exchange(Request.SET_LOG_BASE, tooSmall, List.of(file)))
                    .isInstanceOf(IOException.class);
            GuestRig.awaitThat("the port is down", () -> !rig.port(0).status().up());
        }
    }

    @Test
    void aQueueThatMustLogWaitsForALog() throws Exception {
        FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
        FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
        exchangeSomeFrames(a, b);
        b.logWrites(true, true);
        assertThat(rig.port(1).status().up()).isFalse();
        assertThat(rig.port(1).status().reason()).contains("has given no log");
        try (DirtyLogReader log = b.newLog()) {
            b.useLog(log);
            assertThat(rig.port(1).status().up()).isTrue();
            exchangeSomeFrames(a, b);
        }
    }

    @Test
    void memoryThatTheLogHasNoRoomForStopsTheQueueThatMustLogIt() throws Exception {
        FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
        try (DirtyLogReader log = b.newLog();
                Fd file = SharedMemory.createMemfd("more", PAGE)) {
            b.useLog(log);
            b.logWrites(true, false);
            byte[] beyond = Message.singleRegion(
                    new RegionDescription(log.description().size() * 8 * PAGE, PAGE, 0x1000_0000L, 0));
            b.client().tell(Request.ADD_MEM_REG, beyond, List.of(file));
            assertThat(rig.port(1).status().reason()).contains("too small for the guest's memory");

            b.client().tell(Request.REM_MEM_REG, beyond, List.of());
            assertThat(rig.port(1).status().reason()).doesNotContain("too small");
        }
    }

    @Test
    void aLogWithoutTheProtocolFeatureForItIsRefused() throws Exception {
        try (VhostClient client = VhostClient.connect(rig.socket(0));
                Fd file = SharedMemory.createMemfd("log", PAGE)) {
            byte[] log = Message.log(new LogDescription(PAGE, 0));
            assertThatThrownBy(() -> client.exchange(Request.SET_LOG_BASE, log, List.of(file)))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void aUsedRingThatIsToBeLoggedPastTheEndOfTheLogIsRefused() throws Exception {
        FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
        try (DirtyLogReader log = a.newLog()) {
            a.useLog(log);
            long end = log.description().size() * 8 * PAGE;
            for (long address : new long[] {end, end - 1, -1, Long.MIN_VALUE}) {
                byte[] payload = Message.addresses(receiveRing(a, address));
                assertThatThrownBy(() -> a.client().tell(Request.SET_VRING_ADDR, payload, List.of()))
                        .as("0x%x", address)
                        .hasMessageContaining("refused");
            }
            a.client().tell(Request.SET_VRING_ADDR, Message.addresses(receiveRing(a, end - PAGE)), List.of());
        }
    }

    /** What a front end says of the log of a ring that is not to be logged, or of a packed one, means nothing. */
    @Test
    void whereARingWouldBeLoggedDoesNotMatterIfThatIsNotAskedFor() throws Exception {
        FrontEnd split = rig.connect(0, FrontEndSettings.MODERN);
        FrontEnd packed = rig.connect(1, FrontEndSettings.MODERN.with(Feature.VIRTIO_F_RING_PACKED));
        try (DirtyLogReader splitLog = split.newLog();
                DirtyLogReader packedLog = packed.newLog()) {
            split.useLog(splitLog);
            packed.useLog(packedLog);
            VringAddresses logged = receiveRing(split, -1);
            VringAddresses unlogged =
                    new VringAddresses(0, 0, logged.descriptors(), logged.used(), logged.available(), logged.log());
            split.client().tell(Request.SET_VRING_ADDR, Message.addresses(unlogged), List.of());
            packed.client().tell(Request.SET_VRING_ADDR, Message.addresses(receiveRing(packed, -1)), List.of());
            exchangeSomeFrames(split, packed);
        }
    }

    @Test
    void aUsedRingMayBeLoggedOutsideTheGuestsMemory() throws Exception {
        FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
        FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
        try (DirtyLogReader log = b.newLog()) {
            b.useLog(log);
            b.client().tell(Request.SET_VRING_ADDR, Message.addresses(receiveRing(b, 5 * PAGE)), List.of());
            exchangeSomeFrames(a, b);
            BitSet logged = new BitSet();
            log.take(page -> logged.set((int) page));
            assertThat(logged).isEqualTo(BitSet.valueOf(new long[] {1 << 5}));
        }
    }

    @DisplayName("S9, S11: the log is taken away while it is in use")
    @Test
    void aLogThatIsTakenAwayWhileInUseCostsItsPortAndNothingElse() throws Exception {
        FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
        FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
        try (DirtyLogReader log = b.newLog()) {
            b.useLog(log);
            b.logWrites(true, true);
            exchangeSomeFrames(a, b);
            FileCalls.truncate(log.file(), 0);
            GuestRig.awaitThat("the port is down", () -> {
                a.send(GuestToGuestTest.frame(2, 1, 500, new Random(1)));
                return !rig.port(1).status().up();
            });
            assertThat(rig.port(0).status().up()).isTrue();
        }
        FrontEnd successor = rig.connect(1, FrontEndSettings.MODERN);
        exchangeSomeFrames(a, successor);
    }
}
