package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.ring.PackedRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A packed ring goes on where it stands when the switch comes back, although the front end gives the base of a fresh ring. */
@Timeout(60)
class PackedRestartTest {

    private static final int FRESH = (int) PackedRingDescriptor.base(PackedRingDescriptor.FRESH);

    private final GuestRig rig = GuestRig.adaptive();
    private FrontEnd a;
    private FrontEnd b;

    PackedRestartTest() throws Exception {}

    @AfterEach
    void close() throws Exception {
        rig.close();
    }

    enum Guest {
        WITH_EVENT_INDEX(Feature.mask(Feature.VIRTIO_F_EVENT_IDX)),
        WITHOUT(0),
        IN_ORDER(Feature.mask(Feature.VIRTIO_F_EVENT_IDX, Feature.VIRTIO_F_IN_ORDER));

        private final long features;

        Guest(long features) {
            this.features = features;
        }
    }

    private void connect(Guest guest) throws Exception {
        long features =
                Feature.mask(Feature.VIRTIO_F_VERSION_1, Feature.VIRTIO_NET_F_MRG_RXBUF, Feature.VIRTIO_F_RING_PACKED)
                        | guest.features;
        FrontEndSettings settings = new FrontEndSettings(features, 100, 2048);
        a = rig.connect(0, settings);
        b = rig.connect(1, settings);
    }

    private static void pass(FrontEnd from, FrontEnd to, int sender, int receiver, int frames) {
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < frames; i++) {
            sent.add(GuestToGuestTest.frame(receiver, sender, 100, new Random(i)));
            assertThat(from.send(sent.getLast())).isTrue();
        }
        for (byte[] frame : sent) {
            assertThat(GuestRig.await(to)).isEqualTo(frame);
        }
        GuestRig.awaitThat("all is given back", () -> {
            from.reclaim();
            return from.transmitRing().free() == from.transmitRing().size();
        });
    }

    @ParameterizedTest
    @EnumSource
    void aRingGoesOnWhereItStands(Guest guest) throws Exception {
        connect(guest);
        pass(a, b, 1, 2, 7);
        for (int round = 0; round < 60; round++) { // often enough to pass the end of the rings several times
            rig.restart(0);
            a.reconnect(rig.socket(0), queue -> FRESH);
            pass(a, b, 1, 2, 1 + round % 9);
            pass(b, a, 2, 1, 5);
        }
        rig.assertTheSumsBalance();
    }

    @ParameterizedTest
    @EnumSource
    void whatTheGuestSentWhileNobodyWasThereIsForwardedOnce(Guest guest) throws Exception {
        connect(guest);
        pass(a, b, 1, 2, 30);
        rig.port(0).close();
        List<byte[]> sent = new ArrayList<>();
        for (int i = 0; i < 90; i++) { // round the end of the ring
            sent.add(GuestToGuestTest.frame(2, 1, 80, new Random(i)));
            assertThat(a.send(sent.getLast())).isTrue();
        }
        rig.restart(0);
        a.reconnect(rig.socket(0), queue -> FRESH);
        for (byte[] frame : sent) {
            assertThat(GuestRig.await(b)).isEqualTo(frame);
        }
        pass(a, b, 1, 2, 1); // and nothing more than that
    }
}
