package io.patchbay.core.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.control.config.Config;
import io.patchbay.core.control.config.ConfigException;
import io.patchbay.core.control.config.ConfigReader;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortProvider;
import io.patchbay.core.port.SettingException;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ConfigReaderTest {

    /** Settings of a kind of port that only this test knows. */
    public record CableSettings(String plug, Optional<Integer> metres) {

        public CableSettings {
            metres.ifPresent(m -> {
                if (m > 100) {
                    throw SettingException.of("metres", m, "at most 100");
                }
            });
        }
    }

    private record Cables(String type, Class<CableSettings> settings) implements PortProvider<CableSettings> {

        @Override
        public Port create(String name, CableSettings settings) {
            throw new UnsupportedOperationException("never started here");
        }
    }

    private final ConfigReader reader = new ConfigReader(List.of(new Cables("cable", CableSettings.class)));

    @Test
    void everythingButThePortsHasADefault() throws ConfigException {
        Config config = reader.parse("{\"ports\":[{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"x\"}]}", "f");
        assertThat(config.ports()).singleElement().satisfies(port -> {
            assertThat(port.name()).isEqualTo("a");
            assertThat(port.settings()).isEqualTo(new CableSettings("x", Optional.empty()));
        });
        assertThat(config.switching().ageing()).isEqualTo(300);
        assertThat(config.switching().adminPath()).isEqualTo("/run/patchbay/admin.sock");
        assertThat(config.switching().workerSettings()).hasSize(1);
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "{ports: []}                                                       | f:1: | not valid JSON",
                "[]                                                                | $    | must be a JSON object",
                "{}                                                                | $    | \"ports\"",
                "{\"ports\": [], \"port\": []}                                     | $.port | allowed: switch, ports",
                "{\"ports\": [], \"ports\": []}                                    | f:1: | uplicate",
                "{\"ports\": {}}                                                   | $.ports | must be given, as an array",
                "{\"ports\": [3]}                                                  | $.ports[0] | must be an object",
                "{\"ports\": [{\"type\":\"cable\",\"plug\":\"x\"}]}                | $.ports[0] | key \"name\"",
                "{\"ports\": [{\"name\":\"a b\",\"type\":\"cable\",\"plug\":\"x\"}]} | $.ports[0].name | \"a b\"",
                "{\"ports\": [{\"name\":\"a\",\"type\":\"rope\"}]}                 | $.ports[0].type | allowed: cable",
                "{\"ports\": [{\"name\":\"a\",\"type\":\"cable\"}]}                | $.ports[0] | plug",
                "{\"ports\": [{\"name\":\"a\",\"type\":\"cable\",\"plug\":null}]}  | $.ports[0] | plug",
                "{\"ports\": [{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"x\",\"metres\":101}]} | f:1:50: $.ports[0].metres | allowed: at most 100",
                "{\"ports\": [{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"x\",\"metre\":1}]} | $.ports[0].metre | allowed: metres, plug",
                "{\"ports\": [], \"switch\": {\"ageingSeconds\": 0}}               | $.switch.ageingSeconds | allowed: 1 to 1000000",
                "{\"ports\": [], \"switch\": {\"ageingSeconds\": \"5 s\"}}         | $.switch.ageingSeconds | is wrong",
                "{\"ports\": [], \"switch\": {\"idle\": \"lazy\"}}                 | $.switch.idle | allowed: adaptive, busy, sleepy",
                "{\"ports\": [], \"switch\": {\"metricsAddress\": \"9466\"}}       | $.switch.metricsAddress | host:port",
                "{\"ports\": [], \"switch\": {\"workers\": [{\"cpu\": -1}]}}       | $.switch.workers[0].cpu | \"-1\"",
            })
    void anErrorSaysWhereItIsAndWhatIsAllowed(String text, String where, String what) {
        assertThatThrownBy(() -> reader.parse(text, "f"))
                .isInstanceOf(ConfigException.class)
                .hasMessageStartingWith("f:")
                .hasMessageContaining(where)
                .hasMessageContaining(what);
    }

    @Test
    void twoPortsCannotHaveTheSameName() {
        String text =
                "{\"ports\":[{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"x\"},\n{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"y\"}]}";
        assertThatThrownBy(() -> reader.parse(text, "f"))
                .hasMessageStartingWith("f:2:")
                .hasMessageContaining("$.ports[1].name");
    }

    @Test
    void twoPortsCannotHaveTheSameSettings() {
        String text =
                "{\"ports\":[{\"name\":\"a\",\"type\":\"cable\",\"plug\":\"x\"},{\"name\":\"b\",\"type\":\"cable\",\"plug\":\"x\"}]}";
        assertThatThrownBy(() -> reader.parse(text, "f")).hasMessageContaining("same settings");
    }
}
