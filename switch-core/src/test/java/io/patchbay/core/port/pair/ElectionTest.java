package io.patchbay.core.port.pair;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Elections around the time when the pair itself is shut. */
class ElectionTest {

    private static final class Member implements Election.Candidate {

        private boolean usable = true;
        private boolean open = true;

        @Override
        public boolean isUsable() {
            return usable && open;
        }

        @Override
        public boolean isOpen() {
            return open;
        }
    }

    private final Member first = new Member();
    private final Member second = new Member();
    private final List<Member> members = List.of(first, second);
    private final Election election = new Election(
            new PairSettings(List.of("a", "b"), Optional.empty(), Optional.empty(), Optional.empty()).policy());

    @BeforeEach
    void shut() {
        assertThat(election.hold(members, 0)).isTrue();
        assertThat(election.active()).isZero();
        election.suspend();
    }

    @Test
    void nobodyIsActiveOrElectedWhileThePairIsShut() {
        first.usable = false;
        assertThat(election.hold(members, 1)).isFalse();
        assertThat(election.active()).isEqualTo(ActiveMember.NONE);
        assertThat(election.untilNext(1)).isEqualTo(Long.MAX_VALUE);
    }

    @Test
    void whoWasActiveIsWaitedForOnceThePairIsOpen() {
        first.usable = false;
        election.resume(10);
        assertThat(election.hold(members, 20)).isFalse();
        assertThat(election.untilNext(20)).isEqualTo(Election.SETTLE_NANOS - 10);
        first.usable = true;
        assertThat(election.hold(members, 30)).isTrue();
        assertThat(election.active()).isZero();
    }

    @Test
    void whoWasActiveIsNotWaitedForForEver() {
        first.usable = false;
        election.resume(10);
        assertThat(election.hold(members, 9 + Election.SETTLE_NANOS)).isFalse();
        assertThat(election.hold(members, 10 + Election.SETTLE_NANOS)).isTrue();
        assertThat(election.active()).isEqualTo(1);
    }

    @Test
    void whoWasActiveAndIsShutIsNotWaitedFor() {
        first.open = false;
        election.resume(10);
        assertThat(election.hold(members, 10)).isTrue();
        assertThat(election.active()).isEqualTo(1);
    }

    @Test
    void openingAPairThatIsOpenChangesNothing() {
        election.resume(10);
        assertThat(election.hold(members, 10)).isTrue();
        election.resume(20);
        assertThat(election.active()).isZero();
        assertThat(election.hold(members, 20)).isFalse();
    }
}
