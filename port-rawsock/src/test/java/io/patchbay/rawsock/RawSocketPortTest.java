package io.patchbay.rawsock;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.SettingException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RawSocketPortTest {

    private static final PortContext NOWHERE = new PortContext() {

        private final PortCounters counters = new PortCounters();

        @Override
        public String name() {
            return "wire";
        }

        @Override
        public PortCounters counters() {
            return counters;
        }

        @Override
        public void publish(PortQueues queues) {
            throw new AssertionError("nothing may be published");
        }

        @Override
        public void forgetAddresses() {}

        @Override
        public boolean inject(byte[] frame) {
            return true;
        }
    };

    private static void start(String device) throws PortException {
        new RawSocketPortProvider().create("wire", RawSocketSettings.of(device)).start(NOWHERE);
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
    @ValueSource(strings = {"", "a-name-of-more-than-15"})
    void aNameThatNoInterfaceHasIsRefused(String name) {
        assertThatThrownBy(() -> RawSocketSettings.of(name)).isInstanceOf(SettingException.class);
    }
}
