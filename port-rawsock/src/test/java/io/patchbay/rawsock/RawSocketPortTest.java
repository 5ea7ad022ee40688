package io.patchbay.rawsock;

import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.SettingException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RawSocketPortTest {

    private static final PortContext NOWHERE = new Place() {

        @Override
        public void publish(PortQueues queues) {
            throw new AssertionError("nothing may be published");
        }
    };

    private static void start(String device) throws PortException {
        start(RawSocketSettings.of(device));
    }

    private static void start(RawSocketSettings settings) throws PortException {
        new RawSocketPortProvider().create("wire", settings).start(NOWHERE);
    }

    static RawSocketSettings settings(
            String device, String mode, Optional<Integer> queues, Optional<Boolean> qdiscBypass) {
        return new RawSocketSettings(
                device,
                Optional.empty(),
                Optional.of(mode),
                queues,
                Optional.empty(),
                Optional.empty(),
                qdiscBypass,
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void aModeThatThereIsNotIsRefused() {
        assertThatThrownBy(() -> settings("eth0", "dpdk", Optional.empty(), Optional.empty()))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("mode is dpdk; allowed: packet, xdp");
    }

    @Test
    void whatMakesNoSenseWithXdpIsRefused() {
        assertThatThrownBy(() -> settings("eth0", "xdp", Optional.of(2), Optional.empty()))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("queues is 2")
                .hasMessageContaining("mode xdp");
        assertThatThrownBy(() -> settings("eth0", "xdp", Optional.empty(), Optional.of(false)))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("qdiscBypass is false")
                .hasMessageContaining("mode xdp");
        assertThatNoException().isThrownBy(() -> settings("eth0", "packet", Optional.of(2), Optional.of(false)));
    }

    @Test
    void anInterfaceThatIsNotEthernetIsRefusedAlsoWithXdp() {
        assertThatThrownBy(() -> start(settings("lo", "xdp", Optional.empty(), Optional.empty())))
                .isInstanceOf(PortException.class)
                .hasMessageContaining("not Ethernet");
    }

    @Test
    void anInterfaceThatDoesNotExistIsRefusedByName() {
        assertThatThrownBy(() -> start("pbnosuch0"))
                .isInstanceOf(PortException.class)
                .hasMessageContaining("pbnosuch0")
                .hasMessageContaining("no such device");
    }

    @Test
    void anInterfaceThatIsNotEthernetIsRefused() {
        assertThatThrownBy(() -> start("lo")).isInstanceOf(PortException.class).hasMessageContaining("not Ethernet");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a-name-of-more-than-15", "tap%d"})
    void aNameThatNoInterfaceHasIsRefused(String name) {
        assertThatThrownBy(() -> RawSocketSettings.of(name)).isInstanceOf(SettingException.class);
    }
}
