package io.patchbay.core.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.Errno;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class PressureTest {

    private static final long MILLI = TimeUnit.MILLISECONDS.toNanos(1);
    private static final long HOLD = 100 * MILLI;

    private final Pressure pressure = new Pressure((batch, from) -> 0, HOLD);

    @Test
    void theTimeForWhichFramesAreHeldDoesNotBeginAnewWithEachRefusal() {
        assertThat(pressure.becomeFull(Errno.EAGAIN, 0)).isTrue();
        assertThat(pressure.becomeFull(Errno.EAGAIN, 60 * MILLI)).isFalse();
        assertThat(pressure.isStuck(HOLD - 1)).isFalse();
        assertThat(pressure.isStuck(HOLD)).isTrue();
    }

    @Test
    void aDisciplineThatGoesOnRefusingIsTriedLessOftenButEveryEightMilliseconds() {
        for (int refusals = 0; refusals < 20; refusals++) {
            pressure.becomeFull(Errno.ENOBUFS, 0);
        }
        assertThat(pressure.mayTry(8 * MILLI - 1)).isFalse();
        assertThat(pressure.mayTry(8 * MILLI)).isTrue();
    }

    @Test
    void aDisciplineThatHasTakenAFrameIsTriedAgainAsSoonAsAtFirst() {
        for (int refusals = 0; refusals < 20; refusals++) {
            pressure.becomeFull(Errno.ENOBUFS, 0);
        }
        pressure.wrote(1, 60);
        pressure.becomeFull(Errno.ENOBUFS, 0);
        assertThat(pressure.mayTry(MILLI / 2)).isTrue();
    }

    @Test
    void nobodyWaitsForTheNextTryLongerThanFramesAreHeld() {
        pressure.becomeFull(Errno.ENOBUFS, 0);
        pressure.becomeFull(Errno.ENOBUFS, HOLD - 1);
        assertThat(pressure.retryAt()).isEqualTo(HOLD);
    }
}
