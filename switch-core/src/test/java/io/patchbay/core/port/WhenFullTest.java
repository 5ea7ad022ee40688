package io.patchbay.core.port;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WhenFullTest {

    @Test
    void anUplinkDropsUnlessToldToHoldAndHoldsForASecondUnlessToldHowLong() {
        assertThat(WhenFull.of(Optional.empty(), Optional.empty())).isEqualTo(WhenFull.DROP);
        assertThat(WhenFull.of(Optional.of("drop"), Optional.empty())).isEqualTo(WhenFull.DROP);
        assertThat(WhenFull.of(Optional.of("hold"), Optional.empty()))
                .isEqualTo(new WhenFull(true, Duration.ofSeconds(1)));
        assertThat(WhenFull.of(Optional.of("hold"), Optional.of(5)).atMost()).isEqualTo(Duration.ofMillis(5));
    }

    @ParameterizedTest(name = "{0}, {1}: {2}")
    @CsvSource({
        "wait, , whenFull",
        "hold, 0, holdAtMostMs",
        "hold, 60001, holdAtMostMs",
        "drop, 100, holdAtMostMs",
        ", 100, holdAtMostMs"
    })
    void whatCannotBeIsRefusedByItsKey(String word, Integer millis, String key) {
        assertThatThrownBy(() -> WhenFull.of(Optional.ofNullable(word), Optional.ofNullable(millis)))
                .isInstanceOf(SettingException.class)
                .satisfies(e -> assertThat(((SettingException) e).setting()).isEqualTo(key));
    }
}
