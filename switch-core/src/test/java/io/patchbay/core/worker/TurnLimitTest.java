package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class TurnLimitTest {

    private static final int SOME = TurnLimit.FRAMES_BETWEEN_LOOKS;

    private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // it may well wrap around
    private final AtomicInteger looks = new AtomicInteger();
    private final TurnLimit limit = new TurnLimit(() -> {
        looks.incrementAndGet();
        return now.get();
    });

    @Test
    void aTurnIsOverWhenItHasTakenItsTime() {
        limit.begin();
        limit.isReached(SOME);
        now.addAndGet(TurnLimit.NANOS);
        assertThat(limit.isReached(2 * SOME)).isTrue();
    }

    @Test
    void aTurnGoesOnUntilThen() {
        limit.begin();
        limit.isReached(SOME);
        now.addAndGet(TurnLimit.NANOS - 1);
        assertThat(limit.isReached(2 * SOME)).isFalse();
    }

    @Test
    void theNextTurnHasItsOwnTime() {
        limit.begin();
        limit.isReached(SOME);
        now.addAndGet(TurnLimit.NANOS);
        limit.begin();
        limit.isReached(SOME);
        assertThat(limit.isReached(2 * SOME)).isFalse();
    }

    @Test
    void theClockIsNotLookedAtForAFewFrames() {
        limit.begin();
        for (int work = 0; work < SOME; work++) {
            limit.isReached(work);
        }
        assertThat(looks).hasValue(0);
    }
}
