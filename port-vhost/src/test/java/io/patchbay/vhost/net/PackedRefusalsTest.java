package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.Fd;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.ring.PackedRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.Request;
import io.patchbay.vhost.wire.VringAddresses;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What differs for a device whose guest has negotiated packed rings: sizes, bases, and where a stopped ring stands. */
@Timeout(60)
class PackedRefusalsTest {

    private static final List<Fd> NO_FILES = List.of();

    private GuestRig rig;
    private FrontEnd a;
    private FrontEnd b;

    @BeforeEach
    void twoGuests() throws Exception {
        FrontEndSettings packed =
                FrontEndSettings.MODERN.with(Feature.VIRTIO_F_RING_PACKED).withSizes(200, 2048);
        rig = GuestRig.adaptive();
        a = rig.connect(0, packed);
        b = rig.connect(1, packed);
    }

    @AfterEach
    void close() throws Exception {
        rig.close();
    }

    private void assertFramesPass() {
        byte[] frame = GuestToGuestTest.frame(2, 1, 100, new Random(1));
        assertThat(a.send(frame)).isTrue();
        assertThat(GuestRig.await(b)).isEqualTo(frame);
    }

    private void assertRefusedAndUnharmed(Request request, byte[] payload) {
        assertThatThrownBy(() -> a.client().tell(request, payload, NO_FILES))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("refused");
        assertFramesPass();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 32_769, 65_536, -1})
    void aSizeThatNoPackedRingHasIsRefused(int size) {
        assertRefusedAndUnharmed(Request.SET_VRING_NUM, Message.state(4, size));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 255, 257, 32_768})
    void aSizeNeedNotBeAPowerOfTwo(int size) throws IOException {
        a.client().tell(Request.SET_VRING_NUM, Message.state(4, size), NO_FILES);
        assertFramesPass();
    }

    @ParameterizedTest(name = "0x{0}")
    @ValueSource(strings = {"80648000", "00000064", "7fff0000"})
    void aBaseOutsideTheRingIsRefused(String base) throws IOException {
        a.client().tell(Request.SET_VRING_NUM, Message.state(4, 100), NO_FILES);
        assertRefusedAndUnharmed(Request.SET_VRING_BASE, Message.state(4, Integer.parseUnsignedInt(base, 16)));
        a.client().tell(Request.SET_VRING_BASE, Message.state(4, (int) 0x8063_8063L), NO_FILES);
    }

    @Test
    void aBaseMayBeGivenBeforeTheSize() throws IOException {
        a.client().tell(Request.SET_VRING_BASE, Message.state(4, (int) 0x8063_8063L), NO_FILES);
        a.client().tell(Request.SET_VRING_NUM, Message.state(4, 100), NO_FILES);
        assertFramesPass();
    }

    @ParameterizedTest(name = "descriptors + {0}, driver event + {1}, device event + {2}")
    @CsvSource({"8, 4096, 8192", "0, 4098, 8192", "0, 4096, 8194"})
    void aPartThatIsNotAlignedIsRefused(long descriptors, long driverEvent, long deviceEvent) {
        long base = a.region().userAddress();
        assertRefusedAndUnharmed(
                Request.SET_VRING_ADDR,
                Message.addresses(
                        new VringAddresses(1, 0, base + descriptors, base + deviceEvent, base + driverEvent, 0)));
    }

    @Test
    void aSplitRingWhileRingsRunIsRefused() {
        long features = FrontEndSettings.MODERN.features() | Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask();
        assertRefusedAndUnharmed(Request.SET_FEATURES, Message.number(features));
    }

    @Test
    void aQueueThatIsStoppedSaysWhereItStandsAndGoesOnThere() throws IOException {
        for (int i = 0; i < 201; i++) {
            assertFramesPass();
        }
        // 201 descriptors of a ring of 200: number 1, wrap counter 0, for what was consumed and for what was used.
        assertThat(a.stop(1)).isEqualTo(0x0001_0001L);
        a.start(1, 0x0001_0001L);
        for (int i = 0; i < 201; i++) {
            assertFramesPass();
        }
        assertThat(a.stop(1)).isEqualTo(0x8002_8002L);
    }

    static Stream<Arguments> resets() {
        return Stream.of(
                Arguments.of(Request.RESET_DEVICE, new byte[0]),
                Arguments.of(Request.RESET_OWNER, new byte[0]),
                Arguments.of(Request.SET_STATUS, Message.number(0)));
    }

    /** When its guest is paused or migrated, QEMU 7.2 resets the device, asks where its queues stand, and has them go on there. */
    @ParameterizedTest
    @MethodSource("resets")
    void afterAResetAQueueSaysWhereItStoodAndGoesOnThere(Request reset, byte[] payload) throws IOException {
        assertFramesPass();
        a.client().tell(reset, payload, NO_FILES);
        long stood = a.stop(1);
        assertThat(stood).isNotEqualTo(PackedRingDescriptor.base(PackedRingDescriptor.FRESH));
        a.start(1, stood);
        a.start(0, a.stop(0));
        assertFramesPass();
    }

    @Test
    void theLayoutIsShown() {
        assertThat(((VhostDetails) rig.port(0).details()).device().orElseThrow().layout())
                .isEqualTo("packed");
    }
}
