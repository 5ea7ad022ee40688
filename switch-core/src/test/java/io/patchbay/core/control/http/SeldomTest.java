package io.patchbay.core.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What is said seldom, and what is counted meanwhile. */
class SeldomTest {

    private long now = -1_000; // nanoTime may be negative
    private final Seldom seldom = new Seldom(() -> now);

    @Test
    void theFirstTimeIsSaidAndTheOthersAreCountedForALaterOne() {
        assertThat(seldom.say()).hasValue(1);
        now += Seldom.PAUSE.toNanos() - 1;
        assertThat(seldom.say()).isEmpty();
        assertThat(seldom.say()).isEmpty();
        now++;
        assertThat(seldom.say()).hasValue(3);
        assertThat(seldom.say()).isEmpty();
    }
}
