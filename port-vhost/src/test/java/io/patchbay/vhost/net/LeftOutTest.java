package io.patchbay.vhost.net;

import static io.patchbay.vhost.wire.ProtocolFeature.VHOST_USER_PROTOCOL_F_CONFIG;
import static io.patchbay.vhost.wire.ProtocolFeature.VHOST_USER_PROTOCOL_F_INBAND_NOTIFICATIONS;
import static io.patchbay.vhost.wire.ProtocolFeature.VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD;
import static io.patchbay.vhost.wire.ProtocolFeature.VHOST_USER_PROTOCOL_F_PAGEFAULT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.Fd;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.MessageDescriptor;
import io.patchbay.vhost.wire.ProtocolFeature;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the switch leaves out on purpose (README, "Left out on purpose"): not offered, refused if it is asked for, and no harm to the port. */
@Timeout(60)
class LeftOutTest {

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

    private void assertNotOffered(ProtocolFeature feature) throws IOException {
        long offered = a.client().ask(Request.GET_PROTOCOL_FEATURES);
        assertThat(feature.in(offered)).isFalse();
        assertRefused(Request.SET_PROTOCOL_FEATURES, Message.number(offered | feature.mask()));
    }

    private void assertRefused(Request request, byte[] payload) {
        assertThatThrownBy(() -> a.client().tell(request, payload, NO_FILES))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("refused");
        assertFramesPass();
    }

    private void assertAnswered(Request request, byte[] payload, byte[] answer) throws IOException {
        assertThat(a.client().exchange(request, payload, NO_FILES)).isEqualTo(answer);
        assertFramesPass();
    }

    private void assertFramesPass() {
        byte[] frame = GuestToGuestTest.frame(2, 1, 100, new Random(1));
        assertThat(a.send(frame)).isTrue();
        assertThat(GuestRig.await(b)).isEqualTo(frame);
    }

    @Test
    void postcopyMigrationByPageFaults() throws IOException {
        assertNotOffered(VHOST_USER_PROTOCOL_F_PAGEFAULT);
        assertAnswered(Request.POSTCOPY_ADVISE, new byte[0], new byte[0]);
        assertRefused(Request.POSTCOPY_LISTEN, new byte[0]);
        assertAnswered(Request.POSTCOPY_END, new byte[0], Message.number(1));
    }

    @Test
    void notificationsInTheSocket() throws IOException {
        assertNotOffered(VHOST_USER_PROTOCOL_F_INBAND_NOTIFICATIONS);
        assertRefused(Request.VRING_KICK, Message.state(1, 0));
    }

    @Test
    void addressesBehindAnIommu() throws IOException {
        long offered = a.client().ask(Request.GET_FEATURES);
        assertThat(Feature.VIRTIO_F_ACCESS_PLATFORM.in(offered)).isFalse();
        assertRefused(
                Request.SET_FEATURES,
                Message.number(FrontEndSettings.MODERN.features()
                        | Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask()
                        | Feature.VIRTIO_F_ACCESS_PLATFORM.mask()));
        assertAnswered(Request.IOTLB_MSG, new byte[32], Message.number(1));
    }

    @Test
    void recordsOfRequestsInFlight() throws IOException {
        assertNotOffered(VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD);
        byte[] none = new byte[MessageDescriptor.INFLIGHT_BYTES];
        assertAnswered(Request.GET_INFLIGHT_FD, none, none);
        assertRefused(Request.SET_INFLIGHT_FD, none);
    }

    @Test
    void configurationSpace() throws IOException {
        assertNotOffered(VHOST_USER_PROTOCOL_F_CONFIG);
        assertAnswered(Request.GET_CONFIG, new byte[24], new byte[MessageDescriptor.CONFIGURATION_BYTES]);
        assertRefused(Request.SET_CONFIG, new byte[24]);
    }
}
