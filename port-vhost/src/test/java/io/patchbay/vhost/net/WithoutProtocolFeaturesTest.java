package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.Fd;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.frontend.VhostClient;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A front end that does not accept VHOST_USER_F_PROTOCOL_FEATURES knows no SET_VRING_ENABLE, so its rings begin enabled. */
@Timeout(60)
class WithoutProtocolFeaturesTest {

    private static final List<Fd> NO_FILES = List.of();
    private static final long MRG = Feature.VIRTIO_NET_F_MRG_RXBUF.mask();
    private static final long PROTOCOL = Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask();

    private final GuestRig rig = GuestRig.adaptive();
    private final FrontEnd guest = FrontEnd.unconnected(new FrontEndSettings(MRG, 256, 2048), 100);
    private final VhostClient client = VhostClient.connect(rig.socket(0));

    WithoutProtocolFeaturesTest() throws Exception {}

    @AfterEach
    void close() throws Exception {
        client.close();
        guest.close();
        rig.close();
    }

    private void negotiate(long features) throws IOException {
        client.tell(Request.SET_FEATURES, Message.number(features), NO_FILES);
    }

    private void start() throws IOException {
        client.tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(guest.region())), List.of(guest.memoryFile()));
        for (int index = 0; index < 2; index++) {
            client.tell(Request.SET_VRING_NUM, Message.state(index, 256), NO_FILES);
            client.tell(Request.SET_VRING_BASE, Message.state(index, 0), NO_FILES);
            client.tell(Request.SET_VRING_ADDR, Message.addresses(guest.addresses(index)), NO_FILES);
            client.tell(Request.SET_VRING_KICK, Message.number(index), List.of(guest.kick(index)));
            client.tell(Request.SET_VRING_CALL, Message.number(index), List.of(guest.call(index)));
        }
    }

    private void enable(boolean on) throws IOException {
        for (int index = 0; index < 2; index++) {
            client.tell(Request.SET_VRING_ENABLE, Message.state(index, on ? 1 : 0), NO_FILES);
        }
    }

    private void assertRuns() throws IOException {
        client.ask(Request.GET_FEATURES); // once it is answered all before has been obeyed
        assertThat(rig.port(0).status().up()).as(rig.port(0).status().reason()).isTrue();
        assertThat(queues()).extracting(VhostDetails.Queue::enabled).containsExactly(true, true);
    }

    private void assertDisabled() throws IOException {
        client.ask(Request.GET_FEATURES);
        assertThat(rig.port(0).status().up()).isFalse();
        assertThat(rig.port(0).status().reason()).contains("disabled");
        assertThat(queues()).extracting(VhostDetails.Queue::enabled).containsExactly(false, false);
    }

    private List<VhostDetails.Queue> queues() {
        return ((VhostDetails) rig.port(0).details()).device().orElseThrow().queues();
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 1L << 15})
    void itsRingsBeginEnabled(long features) throws IOException {
        negotiate(features);
        start();
        assertRuns();
    }

    @Test
    void itsRingsBeginEnabledAlsoIfItNegotiatesWhenTheyAreStarted() throws IOException {
        start();
        assertDisabled();
        negotiate(0);
        assertRuns();
    }

    @ParameterizedTest
    @EnumSource(names = {"RESET_OWNER", "RESET_DEVICE"})
    void itsRingsBeginEnabledAgainAfterAReset(Request reset) throws IOException {
        negotiate(MRG);
        start();
        assertRuns();

        client.tell(reset, new byte[0], NO_FILES);
        negotiate(MRG);
        start();

        assertRuns();
    }

    @Test
    void itsRingsAreEnabledNoLongerIfItAcceptsThemAfterAll() throws IOException {
        negotiate(MRG);
        start();
        assertRuns();

        negotiate(MRG | PROTOCOL);
        assertDisabled();
        enable(true);
        assertRuns();
    }

    @Test
    void whatItSaysOfARingCounts() throws IOException {
        negotiate(MRG);
        start();
        enable(false);
        assertDisabled();
        enable(true);
        assertRuns();
    }

    @Test
    void withThemARingIsToBeEnabledAgainAfterAReset() throws IOException {
        negotiate(MRG | PROTOCOL);
        start();
        enable(true);
        assertRuns();

        client.tell(Request.RESET_DEVICE, new byte[0], NO_FILES);
        negotiate(MRG | PROTOCOL);
        start();

        assertDisabled();
    }
}
