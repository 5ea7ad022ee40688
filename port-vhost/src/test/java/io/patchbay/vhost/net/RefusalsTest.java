package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a running device refuses, and that it goes on as if it had not been asked. */
@Timeout(60)
class RefusalsTest {

    private static final List<Fd> NO_FILES = List.of();

    private GuestRig rig;
    private FrontEnd a;
    private FrontEnd b;

    @BeforeEach
    void twoGuests() throws Exception {
        rig = GuestRig.adaptive();
        a = rig.connect(0, FrontEndSettings.MODERN);
        b = rig.connect(1, FrontEndSettings.MODERN);
    }

    @AfterEach
    void close() throws Exception {
        rig.close();
    }

    private void assertRefusedAndUnharmed(Request request, byte[] payload, List<Fd> files) {
        assertThatThrownBy(() -> a.client().tell(request, payload, files))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("refused");
        byte[] frame = GuestToGuestTest.frame(2, 1, 100, new Random(1));
        assertThat(a.send(frame)).isTrue();
        assertThat(GuestRig.await(b)).isEqualTo(frame);
    }

    @ParameterizedTest
    @ValueSource(ints = {24, 33, 36, 63})
    void aFeatureThatWasNotOffered(int bit) {
        long features = FrontEndSettings.MODERN.features() | Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask() | 1L << bit;
        assertRefusedAndUnharmed(Request.SET_FEATURES, Message.number(features), NO_FILES);
    }

    @ParameterizedTest
    @CsvSource({
        "SET_VRING_NUM, 64, 256",
        "SET_VRING_NUM, -1, 256",
        "SET_VRING_BASE, 64, 0",
        "SET_VRING_ENABLE, 65536, 1"
    })
    void aQueueThatDoesNotExist(Request request, int index, int number) {
        assertRefusedAndUnharmed(request, Message.state(index, number), NO_FILES);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 3, 255, 65_536, -1})
    void aSizeThatNoSplitRingHas(int size) {
        assertRefusedAndUnharmed(Request.SET_VRING_NUM, Message.state(4, size), NO_FILES);
    }

    @Test
    void anotherRingLayoutWhileRingsRun() {
        long features = FrontEndSettings.MODERN.features()
                | Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask()
                | Feature.VIRTIO_F_RING_PACKED.mask();
        assertRefusedAndUnharmed(Request.SET_FEATURES, Message.number(features), NO_FILES);
    }

    @Test
    void aBaseThatNoSplitRingHas() {
        assertThatCode(() -> a.client().tell(Request.SET_VRING_NUM, Message.state(4, 64), NO_FILES))
                .doesNotThrowAnyException();
        assertRefusedAndUnharmed(Request.SET_VRING_BASE, Message.state(4, 65_536), NO_FILES);
    }

    @Test
    void anotherSizeOrBaseForAQueueThatRuns() {
        assertRefusedAndUnharmed(Request.SET_VRING_NUM, Message.state(1, 128), NO_FILES);
        assertRefusedAndUnharmed(Request.SET_VRING_BASE, Message.state(1, 5), NO_FILES);
    }

    @ParameterizedTest(name = "{0}, {1}, {2}")
    @CsvSource({
        "0, 4096, 8192", // not in memory at all
        "-4096, 4096, 8192", // around the end of the address space
        "8, 4096, 8192", // descriptor table not aligned
    })
    void aRingThatIsNotInMemory(long descriptors, long available, long used) {
        long base = a.region().userAddress();
        long where = descriptors == 8 ? base + 8 : descriptors;
        assertRefusedAndUnharmed(
                Request.SET_VRING_ADDR,
                Message.addresses(new VringAddresses(1, 0, where, base + used, base + available, 0)),
                NO_FILES);
    }

    @Test
    void aRingWhoseLastByteIsOutsideItsRegion() {
        RegionDescription region = a.region();
        long end = region.userAddress() + region.size();
        assertRefusedAndUnharmed(
                Request.SET_VRING_ADDR,
                Message.addresses(
                        new VringAddresses(1, 0, region.userAddress(), end - 2048, region.userAddress() + 4096, 0)),
                NO_FILES);
    }

    @ParameterizedTest(name = "size {0}, addresses {1}")
    @CsvSource({"false, false", "true, false", "false, true"})
    void aQueueThatIsStartedBeforeItIsDescribed(boolean size, boolean addresses) throws IOException {
        if (size) {
            a.client().tell(Request.SET_VRING_NUM, Message.state(7, 256), NO_FILES);
        }
        if (addresses) {
            VringAddresses of = a.addresses(1);
            a.client()
                    .tell(
                            Request.SET_VRING_ADDR,
                            Message.addresses(new VringAddresses(7, 0, of.descriptors(), of.used(), of.available(), 0)),
                            NO_FILES);
        }
        try (var bell = io.patchbay.core.linux.EventFd.create()) {
            assertRefusedAndUnharmed(Request.SET_VRING_KICK, Message.number(7), List.of(bell.descriptor()));
        }
        // Counted after it was answered.
        GuestRig.awaitThat(
                "the refusal is shown",
                () -> ((VhostDetails) rig.port(0).details())
                        .session()
                        .orElseThrow()
                        .lastRefusal()
                        .contains("vring 7 is started before its size and addresses are given"));
    }

    @Test
    void aKickThatIsNoEventfd() {
        try (Fd memfd = SharedMemory.createMemfd("not a bell", 4096)) {
            assertRefusedAndUnharmed(Request.SET_VRING_KICK, Message.number(1), List.of(memfd));
        }
    }

    @ParameterizedTest(name = "guest {0}, size {1}, user {2}, offset {3}")
    @CsvSource({
        "0, 0, 65536, 0", // empty
        "0, -1, 65536, 0", // longer than anything
        "-4096, 8192, 65536, 0", // around the end of guest-physical addresses
        "0, 8192, -4096, 0", // around the end of the front end's addresses
        "0, 8192, 65536, 4096", // past the end of its file
        "0, 8192, 65536, -4096",
        "0, 8192, 65536, 9223372036854775807",
    })
    void aMemoryRegionThatCannotBe(long guest, long size, long user, long offset) {
        try (Fd memfd = SharedMemory.createMemfd("memory", 8192)) {
            RegionDescription region = new RegionDescription(guest, size, user, offset);
            assertRefusedAndUnharmed(Request.SET_MEM_TABLE, Message.memoryTable(List.of(region)), List.of(memfd));
            assertRefusedAndUnharmed(Request.ADD_MEM_REG, Message.singleRegion(region), List.of(memfd));
        }
    }

    @Test
    void aMemoryRegionThatOverlapsAnother() {
        RegionDescription mine = a.region();
        try (Fd memfd = SharedMemory.createMemfd("memory", 8192)) {
            for (RegionDescription region : List.of(
                    new RegionDescription(mine.guestAddress() + 4096, 8192, 0x1000, 0),
                    new RegionDescription(0x1000, 8192, mine.userAddress() - 4096, 0))) {
                assertRefusedAndUnharmed(Request.ADD_MEM_REG, Message.singleRegion(region), List.of(memfd));
            }
        }
    }

    @ParameterizedTest(name = "guest + {0}, size + {1}, user + {2}")
    @CsvSource({"4096, 0, 0", "0, 4096, 0", "0, 0, 4096"})
    void theRemovalOfARegionThatIsNotThere(long guest, long size, long user) {
        RegionDescription there = a.region();
        RegionDescription other =
                new RegionDescription(there.guestAddress() + guest, there.size() + size, there.userAddress() + user, 0);
        assertRefusedAndUnharmed(Request.REM_MEM_REG, Message.singleRegion(other), NO_FILES);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 67, 65_536, -1})
    void anMtuThatNoLinkHas(long mtu) {
        assertRefusedAndUnharmed(Request.NET_SET_MTU, Message.number(mtu), NO_FILES);
    }

    @Test
    void memoryThatIsAddedAndRemovedDoesNotDisturbTheQueues() throws IOException {
        for (int i = 0; i < 200; i++) {
            try (Fd memfd = SharedMemory.createMemfd("memory", 8192)) {
                RegionDescription region = new RegionDescription(0x1_0000_0000L, 8192, 0x1000, 0);
                byte[] frame = GuestToGuestTest.frame(2, 1, 100, new Random(i));
                assertThat(a.send(frame)).isTrue();
                a.client().tell(Request.ADD_MEM_REG, Message.singleRegion(region), List.of(memfd));
                assertThat(GuestRig.await(b)).isEqualTo(frame);
                a.client().tell(Request.REM_MEM_REG, Message.singleRegion(region), NO_FILES);
            }
        }
    }

    @Test
    void aDeviceThatIsResetStopsAndItsGuestIsGone() throws IOException {
        a.client().tell(Request.RESET_DEVICE, new byte[0], NO_FILES);
        assertThat(rig.port(0).status().up()).isFalse();
        assertThat(rig.port(1).status().up()).isTrue();
    }

    @Test
    void refusedFeaturesAreMissingFromTheStatusUntilOthersAreAccepted() throws IOException {
        long wanted = FrontEndSettings.MODERN.features() | Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask();
        a.client().tell(Request.SET_STATUS, Message.number(0x0b), NO_FILES);
        assertThat(a.client().ask(Request.GET_STATUS)).isEqualTo(0x0b);

        assertThatThrownBy(() -> a.client()
                        .tell(Request.SET_FEATURES, Message.number(wanted | Feature.VIRTIO_F_SR_IOV.mask()), NO_FILES))
                .isInstanceOf(IOException.class);
        assertThat(a.client().ask(Request.GET_STATUS)).as("without FEATURES_OK").isEqualTo(0x03);

        a.client().tell(Request.SET_FEATURES, Message.number(wanted), NO_FILES);
        assertThat(a.client().ask(Request.GET_STATUS)).isEqualTo(0x0b);
    }

    @Test
    void anotherLayoutThatIsRefusedIsMissingFromTheStatus() throws IOException {
        long wanted = FrontEndSettings.MODERN.features() | Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask();
        a.client().tell(Request.SET_STATUS, Message.number(0x0b), NO_FILES);

        byte[] packed = Message.number(wanted | Feature.VIRTIO_F_RING_PACKED.mask());
        assertThatThrownBy(() -> a.client().tell(Request.SET_FEATURES, packed, NO_FILES))
                .isInstanceOf(IOException.class);
        assertThat(a.client().ask(Request.GET_STATUS)).as("without FEATURES_OK").isEqualTo(0x03);
        assertThat(rig.port(0).status().reason()).contains("features rejected", "while rings run");

        a.client().tell(Request.SET_FEATURES, Message.number(wanted), NO_FILES);
        assertThat(a.client().ask(Request.GET_STATUS)).isEqualTo(0x0b);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0x0100_5e00_0001L, 0xffff_ffff_ffffL})
    void anAnnouncementOfAnAddressThatNoStationHas(long address) {
        assertRefusedAndUnharmed(Request.SEND_RARP, Message.number(Long.reverseBytes(address << 16)), NO_FILES);
    }

    @Test
    void anAnnouncementTellsTheOthersWhereTheGuestIs() throws IOException {
        a.client().tell(Request.SEND_RARP, Message.number(Long.reverseBytes(0x0200_0000_0077L << 16)), NO_FILES);
        byte[] announcement = GuestRig.await(b);
        assertThat(announcement).hasSize(60).startsWith(-1, -1, -1, -1, -1, -1, 2, 0, 0, 0, 0, 0x77, 0x80, 0x35);
        assertThat(rig.board().macs().entries())
                .anyMatch(entry -> entry.address() == 0x0200_0000_0077L && entry.port() == 0);
    }
}
