package io.patchbay.core.port.pair;

import static io.patchbay.core.port.pair.ActiveMember.NONE;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;

/** How often another member than before became active, and when last. Guarded by the pair's lock. */
final class FailOvers {

    private int active = NONE;
    private long count;
    private Optional<Instant> last = Optional.empty();

    /** A member has become active; whether it takes the place of another, however long ago that was. */
    boolean note(int member) {
        boolean takesOver = active != NONE && active != member;
        if (takesOver) {
            count++;
            last = Optional.of(Instant.now().truncatedTo(ChronoUnit.MILLIS));
        }
        active = member;
        return takesOver;
    }

    long count() {
        return count;
    }

    Optional<Instant> last() {
        return last;
    }
}
