package io.patchbay.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.SettingException;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused before any device is touched; the rest is shown against the kernel in the testbed. */
class TapSettingsTest {

    private static final PortContext NOWHERE = new Place() {

        @Override
        public void publish(PortQueues queues) {
            throw new AssertionError("nothing may be published");
        }
    };

    private static TapSettings settings(String key, String value) {
        TapSettings usual = TapSettings.of("tap0");
        Optional<String> text = Optional.of(value);
        return switch (key) {
            case "device" -> TapSettings.of(value);
            case "namespace" ->
                new TapSettings(
                        "tap0",
                        text,
                        usual.queues(),
                        usual.persist(),
                        usual.owner(),
                        usual.group(),
                        usual.mac(),
                        usual.mtu(),
                        usual.up(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
            case "queues" ->
                new TapSettings(
                        "tap0",
                        usual.namespace(),
                        text.map(Integer::valueOf),
                        usual.persist(),
                        usual.owner(),
                        usual.group(),
                        usual.mac(),
                        usual.mtu(),
                        usual.up(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
            case "owner" ->
                new TapSettings(
                        "tap0",
                        usual.namespace(),
                        usual.queues(),
                        usual.persist(),
                        text,
                        usual.group(),
                        usual.mac(),
                        usual.mtu(),
                        usual.up(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
            case "group" ->
                new TapSettings(
                        "tap0",
                        usual.namespace(),
                        usual.queues(),
                        usual.persist(),
                        usual.owner(),
                        text,
                        usual.mac(),
                        usual.mtu(),
                        usual.up(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
            case "mac" ->
                new TapSettings(
                        "tap0",
                        usual.namespace(),
                        usual.queues(),
                        usual.persist(),
                        usual.owner(),
                        usual.group(),
                        text,
                        usual.mtu(),
                        usual.up(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
            case "mtu" ->
                new TapSettings(
                        "tap0",
                        usual.namespace(),
                        usual.queues(),
                        usual.persist(),
                        usual.owner(),
                        usual.group(),
                        usual.mac(),
                        text.map(Integer::valueOf),
                        usual.up(),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty());
            default -> throw new IllegalArgumentException(key);
        };
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource({
        "device, a-name-of-16-by.",
        "device, with space",
        "device, a/b",
        "device, a:b",
        "device, tap%d",
        "device, ..",
        "device, ''",
        "namespace, blue",
        "queues, 0",
        "queues, 257",
        "owner, nobody-of-that-name",
        "group, nobody-of-that-name",
        "mac, 02:00:00:00:00",
        "mac, 03:00:00:00:00:01",
        "mac, 00:00:00:00:00:00",
        "mtu, 67",
        "mtu, 65522",
    })
    void aValueThatCannotBeIsRefusedByItsKey(String key, String value) {
        assertThatThrownBy(() -> settings(key, value)).isInstanceOfSatisfying(SettingException.class, e -> {
            assertThat(e.setting()).isEqualTo(key);
            assertThat(e.value()).isEqualTo(value);
            assertThat(e.allowed()).isNotEmpty();
        });
    }

    @ParameterizedTest(name = "{0} = {1}")
    @CsvSource({
        "device, a-name-of-15-by",
        "namespace, /run/netns/blue",
        "queues, 256",
        "owner, root",
        "owner, 12345",
        "group, root",
        "mac, 02:00:00:00:00:01",
        "mtu, 68",
        "mtu, 65521",
    })
    void aValueThatCanBeIsTaken(String key, String value) {
        assertThat(settings(key, value)).isNotNull();
    }

    @Test
    void aNamespaceThatIsNotThereIsRefusedByName() {
        assertThatThrownBy(() -> new TapPortProvider()
                        .create("tap", settings("namespace", "/run/netns/pbnosuch"))
                        .start(NOWHERE))
                .isInstanceOf(PortException.class)
                .hasMessageContaining("port tap")
                .hasMessageContaining("/run/netns/pbnosuch")
                .hasMessageContaining("no such file");
    }

    @ParameterizedTest
    @ValueSource(strings = {"pbnosuch0", "lo"})
    void aMacvtapThatIsNotOneIsRefusedByName(String name) {
        MacvtapSettings settings = new MacvtapSettings(
                name,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
        assertThatThrownBy(
                        () -> new MacvtapPortProvider().create("tap", settings).start(NOWHERE))
                .isInstanceOf(PortException.class)
                .hasMessageContaining(name)
                .hasMessageContaining(name.equals("lo") ? "not a macvtap" : "no such device");
    }
}
