package io.patchbay.core.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DeviceNumberTest {

    @ParameterizedTest
    @CsvSource({
        "246:1, 0xf601",
        "0:0, 0x0",
        "10:200, 0xac8",
        "246:256, 0x10f600",
        "4095:1048575, 0xffffffff",
        "4096:1, 0x100000000001"
    })
    void aNumberIsPackedAsTheLibraryOfCDoes(String text, String packed) {
        assertThat(DeviceNumber.parse(text + "\n").orElseThrow().packed()).isEqualTo(Long.decode(packed));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "246", "246:", ":1", "a:b", "1:2:3", "-1:2", "1:99999999999"})
    void whatIsNoNumberIsNone(String text) {
        assertThat(DeviceNumber.parse(text)).isEqualTo(Optional.empty());
    }

    @Test
    void aFileIsOfItsOwnDeviceAndNoOther() {
        Path file = Path.of("/dev/null");
        assertThat(new DeviceNumber(1, 3).isOf(file)).isTrue();
        assertThat(new DeviceNumber(1, 5).isOf(file)).isFalse();
        assertThat(new DeviceNumber(1, 3).isOf(Path.of("/dev/no-such-file"))).isFalse();
    }
}
