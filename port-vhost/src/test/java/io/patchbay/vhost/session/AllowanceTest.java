package io.patchbay.vhost.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class AllowanceTest {

    private static final Allowance.Limit LIMIT = new Allowance.Limit(Duration.ofMillis(100), 2);

    private long now = 1_000;
    private final Allowance allowance = new Allowance(LIMIT, () -> now);

    private void pass(Duration time) {
        now += time.toNanos();
    }

    private void spend(Duration time) {
        allowance.spend(time.toNanos());
    }

    @Test
    void whatIsAllowedAtOnceIsSpentWithoutWaiting() {
        spend(Duration.ofMillis(100));

        assertThat(allowance.pause()).isEmpty();
    }

    @Test
    void whatGoesBeyondIsWaitedForUntilItIsEarned() {
        spend(Duration.ofMillis(102));

        assertThat(allowance.pause()).contains(Duration.ofMillis(101)); // 2 ms at 2 %, and one for the rounding
        pass(Duration.ofMillis(99));
        assertThat(allowance.pause()).isPresent();
        pass(Duration.ofMillis(1));
        assertThat(allowance.pause()).isEmpty();
    }

    @Test
    void noMoreIsSavedThanMayBeSpentAtOnce() {
        pass(Duration.ofDays(300));
        spend(Duration.ofMillis(101));

        assertThat(allowance.pause()).contains(Duration.ofMillis(51));
    }

    @Test
    void askingOftenLosesNothing() {
        spend(Duration.ofMillis(101));
        for (int i = 0; i < 50_000_000 / 70; i++) {
            pass(Duration.ofNanos(70));
            allowance.pause();
        }
        pass(Duration.ofNanos(100));

        assertThat(allowance.pause()).isEmpty();
    }
}
