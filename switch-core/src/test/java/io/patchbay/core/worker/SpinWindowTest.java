package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class SpinWindowTest {

    private static final long LONGEST = 50_000;

    private final SpinWindow window = new SpinWindow(LONGEST);

    @Test
    void aFreshWorkerPollsForAsLongAsItMay() {
        assertThat(window.nanos()).isEqualTo(LONGEST);
    }

    @Test
    void afterAGapThatNoPollingCouldBridgeItSleepsAtOnce() {
        window.ended(LONGEST + 1);

        assertThat(window.nanos()).isZero();
    }

    @Test
    void shortGapsOpenTheWindowAgainUntilItBridgesThem() {
        window.ended(LONGEST + 1);
        for (int i = 0; i < 10; i++) {
            window.ended(12_000);
        }

        assertThat(window.nanos()).isBetween(12_000L, 24_000L);
    }

    @Test
    void itNeverGrowsPastTheLongest() {
        window.ended(LONGEST + 1);
        for (int i = 0; i < 10; i++) {
            window.ended(LONGEST);
        }

        assertThat(window.nanos()).isEqualTo(LONGEST);
    }

    @Test
    void aWorkerThatMustNotPollDoesNot() {
        SpinWindow sleepy = new SpinWindow(0);
        sleepy.ended(0);
        sleepy.ended(10);

        assertThat(sleepy.nanos()).isZero();
    }

    @Test
    void aBusyWorkerPollsForEver() {
        SpinWindow busy = new SpinWindow(Long.MAX_VALUE);
        busy.ended(Long.MAX_VALUE - 1);

        assertThat(busy.nanos()).isEqualTo(Long.MAX_VALUE);
    }
}
