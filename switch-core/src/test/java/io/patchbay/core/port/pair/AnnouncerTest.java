package io.patchbay.core.port.pair;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Rarp;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class AnnouncerTest {

    private static final long START = -5; // the clock may be anything
    private static final long FIRST = 0x0200_0000_0001L;

    private final FakeSwitch context = new FakeSwitch();
    private final Announcer announcer = new Announcer();

    private void addresses(int count) {
        context.elsewhere = LongStream.range(0, count).map(i -> FIRST + i).toArray();
    }

    /** Runs until there is nothing more to announce, and gives how long that took. */
    private long run() {
        long now = START;
        long pause = announcer.step(context, now);
        while (pause != Long.MAX_VALUE) {
            now += pause;
            pause = announcer.step(context, now);
        }
        return now - START;
    }

    @Test
    void nothingIsAnnouncedUnasked() {
        addresses(3);
        assertThat(announcer.step(context, START)).isEqualTo(Long.MAX_VALUE);
        assertThat(context.sent).isEmpty();
    }

    @Test
    void everyAddressIsAnnouncedTwiceInOrder() {
        addresses(3);
        announcer.begin(START);
        run();
        assertThat(context.sent)
                .containsExactly(
                        Rarp.announcement(FIRST),
                        Rarp.announcement(FIRST + 1),
                        Rarp.announcement(FIRST + 2),
                        Rarp.announcement(FIRST),
                        Rarp.announcement(FIRST + 1),
                        Rarp.announcement(FIRST + 2));
        assertThat(announcer.sent()).isEqualTo(6);
    }

    @Test
    void manyAddressesAreAnnouncedABatchAtATime() {
        addresses(10 * Announcer.BATCH);
        announcer.begin(START);
        announcer.step(context, START);
        assertThat(context.sent).hasSize(Announcer.BATCH);
        announcer.step(context, START + 1);
        assertThat(context.sent).as("before the pause is over").hasSize(Announcer.BATCH);
        assertThat(run()).isGreaterThanOrEqualTo(9 * Announcer.PAUSE_NANOS);
        assertThat(context.sent).hasSize(2 * 10 * Announcer.BATCH);
    }

    @Test
    void whatFindsNoRoomIsAnnouncedLater() {
        addresses(5);
        context.room = 2;
        announcer.begin(START);
        assertThat(announcer.step(context, START)).isEqualTo(Announcer.PAUSE_NANOS);
        assertThat(context.sent).hasSize(2);
        context.room = Integer.MAX_VALUE;
        announcer.step(context, START + Announcer.PAUSE_NANOS);
        assertThat(context.sent).hasSize(5);
    }

    @Test
    void beginningAnewEndsWhatWasUnderWay() {
        addresses(2 * Announcer.BATCH);
        announcer.begin(START);
        announcer.step(context, START);
        addresses(1);
        announcer.begin(START);
        run();
        assertThat(context.sent).hasSize(Announcer.BATCH + 2);
    }

    @Test
    void anAddressThatCameInBetweenIsInTheSecondRound() {
        addresses(1);
        announcer.begin(START);
        announcer.step(context, START);
        addresses(2);
        announcer.step(context, START + Announcer.ROUND_PAUSE_NANOS);
        assertThat(context.sent).hasSize(3);
    }
}
