package io.patchbay.core.port.pair;

import static io.patchbay.core.port.pair.ActiveMember.NONE;
import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ActiveMemberTest {

    private static final long HOLD_DOWN = 1000;
    private static final long NOW = 10_000;

    @ParameterizedTest(name = "primary {0}, fail back {1}, active {2}, usable {3}, for {4}: {5}")
    @CsvSource({
        // primary, failBack, active, usable, the primary's time in that state, choice, asked again in
        "-1, false, -1, --, 0,    -1, -1", //
        "-1, false, -1, UU, 0,     0, -1", //
        "-1, false, -1, -U, 0,     1, -1",
        "-1, false,  0, UU, 0,     0, -1",
        "-1, false,  0, -U, 0,     1, -1",
        "-1, false,  1, UU, 9999,  1, -1", // nobody is preferred
        "-1, false,  0, --, 0,    -1, -1",
        " 1, true,  -1, UU, 0,     1, -1", // the primary to begin with
        " 1, true,   1, U-, 0,     0, -1", // no hold-down when a link is lost
        " 1, true,   0, UU, 0,     0, 1000",
        " 1, true,   0, UU, 400,   0, 600",
        " 1, true,   0, UU, 999,   0, 1",
        " 1, true,   0, UU, 1000,  1, -1",
        " 1, true,   0, -U, 10,    1, -1", // better than nothing, hold-down or not
        " 1, false,  0, UU, 9999,  0, -1", // not back
        " 1, false,  0, -U, 0,     1, -1",
        " 0, true,   0, UU, 0,     0, -1",
        " 0, true,   1, -U, 9999,  1, -1",
    })
    void theChoice(
            int primary, boolean failBack, int active, String usable, long primaryFor, int choice, long askedAgainIn) {
        ActiveMember policy = new ActiveMember(primary, failBack, HOLD_DOWN);
        boolean[] states = {usable.charAt(0) == 'U', usable.charAt(1) == 'U'};
        long[] since = {NOW - primaryFor, NOW - primaryFor};

        assertThat(policy.choose(active, states, since, NOW)).isEqualTo(choice);
        assertThat(policy.untilNext(choice == NONE ? active : choice, states, since, NOW))
                .isEqualTo(askedAgainIn < 0 ? Long.MAX_VALUE : askedAgainIn);
    }
}
