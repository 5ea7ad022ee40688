package io.patchbay.core.port.pair;

import static io.patchbay.core.port.pair.ActiveMember.NONE;

import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Which member of a pair carries frames, and what that was chosen by: which can be used, and since when. Guarded by the pair's lock.
 *
 * <p>While the pair itself is shut nobody is chosen, and who was before is to go on afterwards: its members, which are shut one by one, have not failed.
 */
final class Election {

    /** How long members may take to be usable once the pair has been opened: the kernel tells of a carrier up to a second late. */
    static final long SETTLE_NANOS = TimeUnit.SECONDS.toNanos(2);

    private final ActiveMember policy;
    private final boolean[] usable = new boolean[PairSettings.MEMBERS];
    private final long[] since = new long[PairSettings.MEMBERS];
    private int chosen = NONE;
    private Phase phase = Phase.RUNNING;
    private long openedAt;

    private enum Phase {
        RUNNING,
        SHUT,
        OPENING
    }

    /** A member, as far as it matters here. */
    interface Candidate {

        boolean isUsable();

        /** Whether the operator lets it carry frames. */
        boolean isOpen();
    }

    Election(ActiveMember policy) {
        this.policy = policy;
    }

    /** The member that carries frames, or {@link ActiveMember#NONE}. */
    int active() {
        return phase == Phase.RUNNING ? chosen : NONE;
    }

    /** The pair is about to be shut. */
    void suspend() {
        phase = Phase.SHUT;
    }

    /** The pair has been opened. */
    void resume(long now) {
        if (phase == Phase.SHUT) {
            phase = Phase.OPENING;
            openedAt = now;
        }
    }

    /** Looks at the members and chooses anew; whether it is another one than before, or the same that goes on after the pair was shut. */
    boolean hold(List<? extends Candidate> members, long now) {
        if (phase == Phase.SHUT || (phase == Phase.OPENING && isToWait(members, now))) {
            return false;
        }
        int before = active();
        phase = Phase.RUNNING;
        for (int i = 0; i < usable.length; i++) {
            boolean is = members.get(i).isUsable();
            if (is != usable[i]) {
                usable[i] = is;
                since[i] = now;
            }
        }
        chosen = policy.choose(chosen, usable, since, now);
        return chosen != before;
    }

    private boolean isToWait(List<? extends Candidate> members, long now) {
        return chosen != NONE
                && members.get(chosen).isOpen()
                && !members.get(chosen).isUsable()
                && now - openedAt < SETTLE_NANOS;
    }

    /** Nanoseconds until another may be chosen although nothing has happened; {@link Long#MAX_VALUE} if none will. */
    long untilNext(long now) {
        return switch (phase) {
            case RUNNING -> policy.untilNext(chosen, usable, since, now);
            case SHUT -> Long.MAX_VALUE;
            case OPENING -> Math.max(0, SETTLE_NANOS - (now - openedAt));
        };
    }
}
