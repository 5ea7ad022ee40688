package io.patchbay.vhost.session;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** How soon a front end is dialled again. */
class DialerTest {

    private static final Duration HALF = Dialer.LONGEST.dividedBy(2);

    private final Dialer dialer = new Dialer(
            Path.of("/nowhere/at/all.sock"),
            new PortLog("vm1", LoggerFactory.getLogger(DialerTest.class), System::nanoTime));

    /** What a pause is rounded up by. */
    private static Duration atMost(Duration wait) {
        return wait.plusMillis(2);
    }

    private Duration pause() {
        return dialer.pause().orElse(Duration.ZERO);
    }

    private void tryInVain(int times) {
        for (int i = 0; i < times; i++) {
            assertThat(dialer.next()).isEmpty();
        }
    }

    @Test
    void nobodyIsDialledLessOftenThanOnceASecondHoweverLongItTakes() {
        tryInVain(20);
        assertThat(pause()).isBetween(HALF, atMost(Dialer.LONGEST));
    }

    @Test
    void aFrontEndThatHangsUpAtOnceIsDialledNoSooner() {
        tryInVain(20);
        dialer.ended(Duration.ZERO);
        assertThat(pause()).isGreaterThan(HALF);
    }

    @Test
    void aFrontEndThatWasThereForAWhileIsDialledAgainSoon() {
        tryInVain(20);
        dialer.ended(Dialer.LONGEST.plusMillis(1));
        assertThat(pause()).isLessThanOrEqualTo(atMost(Dialer.SHORTEST));
    }
}
