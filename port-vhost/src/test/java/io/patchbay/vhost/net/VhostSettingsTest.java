package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.port.SettingException;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a port's configuration may say, before anything is opened. */
class VhostSettingsTest {

    private static final String SOCKET = "/run/vm.sock";

    private static VhostSettings with(String key, String value) {
        return new VhostSettings(
                SOCKET,
                value(key, "mode", value),
                value(key, "permissions", value),
                value(key, "owner", value),
                value(key, "group", value),
                Optional.empty(),
                value(key, "memoryFiles", value),
                value(key, "memoryLimitGiB", value).map(Integer::valueOf));
    }

    private static Optional<String> value(String key, String wanted, String value) {
        return key.equals(wanted) ? Optional.of(value) : Optional.empty();
    }

    static String[] pathsThatNoSocketHas() {
        return new String[] {"", "vm.sock", "./vm.sock", "/run/vm\0.sock", "/" + "v".repeat(107), "/" + "ü".repeat(54)};
    }

    @ParameterizedTest
    @MethodSource("pathsThatNoSocketHas")
    void aPathThatNoSocketHasIsRefused(String path) {
        assertThatThrownBy(() -> VhostSettings.at(path)).isInstanceOfSatisfying(SettingException.class, e -> {
            assertThat(e.setting()).isEqualTo("socket");
            assertThat(e.allowed()).isEqualTo("an absolute path of at most 107 bytes");
        });
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 106})
    void aPathMayBeAsLongAsTheKernelTakes(int name) {
        String path = "/" + "v".repeat(name);
        assertThat(VhostSettings.at(path).socket()).isEqualTo(path);
    }

    @ParameterizedTest
    @CsvSource({
        "mode, Server",
        "mode, ''",
        "mode, 0660",
        "permissions, 66",
        "permissions, 1660",
        "permissions, 0668",
        "permissions, rw-rw----",
        "owner, no-such-user",
        "group, no-such-group",
        "memoryFiles, none",
        "memoryFiles, ''",
        "memoryLimitGiB, 0",
        "memoryLimitGiB, 65537",
    })
    void aValueThatMeansNothingIsRefusedByItsKey(String key, String value) {
        assertThatThrownBy(() -> with(key, value)).isInstanceOfSatisfying(SettingException.class, e -> {
            assertThat(e.setting()).isEqualTo(key);
            assertThat(e.value()).isEqualTo(value);
        });
    }

    @ParameterizedTest
    @CsvSource({
        "mode, server",
        "mode, client",
        "permissions, 660",
        "permissions, 0777",
        "owner, root",
        "owner, 65000",
        "group, 0",
        "memoryFiles, memory",
        "memoryFiles, any",
        "memoryLimitGiB, 1",
        "memoryLimitGiB, 65536",
    })
    void aValueThatMeansSomethingIsTaken(String key, String value) {
        assertThat(with(key, value).isClient()).isEqualTo(value.equals("client"));
    }

    @ParameterizedTest
    @CsvSource({"permissions, 0660", "owner, root", "group, root"})
    void whoMayUseASocketFileIsNotOursToSayInClientMode(String key, String value) {
        assertThatThrownBy(() -> new VhostSettings(
                        SOCKET,
                        Optional.of("client"),
                        value(key, "permissions", value),
                        value(key, "owner", value),
                        value(key, "group", value),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()))
                .isInstanceOfSatisfying(
                        SettingException.class, e -> assertThat(e.setting()).isEqualTo(key));
    }
}
