package io.patchbay.core.port;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SettingChecksTest {

    @ParameterizedTest
    @ValueSource(ints = {0, 4095, Integer.MAX_VALUE})
    void aBufferThatCannotBeIsRefused(int bytes) {
        assertThatThrownBy(() -> SettingChecks.bufferBytes("sendBufferBytes", Optional.of(bytes)))
                .isInstanceOf(SettingException.class)
                .hasMessageContaining("4096 to 1073741824");
    }

    @ParameterizedTest
    @ValueSource(ints = {4, 8})
    void aNumberOutsideItsRangeIsRefusedByItsKey(int number) {
        assertThatThrownBy(() -> SettingChecks.range("legs", Optional.of(number), 5, 7))
                .isInstanceOf(SettingException.class)
                .hasMessage("legs is " + number + "; allowed: 5 to 7");
    }

    @Test
    void aWordThatIsNoneOfThoseIsRefusedByItsKey() {
        assertThatThrownBy(() -> SettingChecks.oneOf("pet", Optional.of("cow"), List.of("cat", "dog")))
                .isInstanceOf(SettingException.class)
                .hasMessage("pet is cow; allowed: cat, dog");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ".", "..", "a/b", "a:b", "a b", "a\tb", "a%d", "a-name-of-16-by.", "acht-Bytes-ää-ö"})
    void aNameThatNoDeviceCanHaveIsRefusedByItsKey(String name) {
        assertThatThrownBy(() -> SettingChecks.deviceName("device", name))
                .isInstanceOf(SettingException.class)
                .hasMessage("device is " + name + "; allowed: a device name of 1 to 15 bytes without space, /, : or %");
    }

    @ParameterizedTest
    @ValueSource(strings = {"a", "...", "a-name-of-15-by", "brücke-über-1"})
    void aNameThatADeviceCanHavePasses(String name) {
        assertThatCode(() -> SettingChecks.deviceName("device", name)).doesNotThrowAnyException();
    }

    @Test
    void bothEndsOfARangeAllWordsAndWhatIsAbsentPass() {
        assertThatCode(() -> {
                    SettingChecks.range("legs", Optional.of(5), 5, 7);
                    SettingChecks.range("legs", Optional.of(7), 5, 7);
                    SettingChecks.range("legs", Optional.empty(), 5, 7);
                    SettingChecks.oneOf("pet", Optional.of("dog"), List.of("cat", "dog"));
                    SettingChecks.oneOf("pet", Optional.empty(), List.of("cat", "dog"));
                })
                .doesNotThrowAnyException();
    }
}
