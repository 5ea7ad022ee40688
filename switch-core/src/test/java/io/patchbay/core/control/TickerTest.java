package io.patchbay.core.control;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A failure of what is done again and again. */
class TickerTest {

    @ParameterizedTest
    @ValueSource(classes = {IllegalStateException.class, OutOfMemoryError.class})
    void whatHasFailedIsDoneAgain(Class<? extends Throwable> failure) throws Exception {
        AtomicInteger ticks = new AtomicInteger();
        CountDownLatch goneOn = new CountDownLatch(3);
        try (Ticker _ = Ticker.start("test", Duration.ofMillis(1), () -> {
            if (ticks.incrementAndGet() <= 2) {
                fail(failure);
            }
            goneOn.countDown();
        })) {
            assertThat(goneOn.await(30, TimeUnit.SECONDS)).isTrue();
        }
    }

    private static void fail(Class<? extends Throwable> failure) {
        if (failure == OutOfMemoryError.class) {
            throw new OutOfMemoryError("not really");
        }
        throw new IllegalStateException("not really");
    }
}
