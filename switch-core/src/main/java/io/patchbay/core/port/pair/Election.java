package io.patchbay.core.port.pair;

import static io.patchbay.core.port.pair.ActiveMember.NONE;

import java.util.List;

/** Which member of a pair carries frames, and what that was chosen by: which can be used, and since when. Guarded by the pair's lock. */
final class Election {

    private final ActiveMember policy;
    private final boolean[] usable = new boolean[PairSettings.MEMBERS];
    private final long[] since = new long[PairSettings.MEMBERS];
    private int active = NONE;

    Election(ActiveMember policy) {
        this.policy = policy;
    }

    /** The member chosen, or {@link ActiveMember#NONE}. */
    int active() {
        return active;
    }

    /** Looks at the members and chooses anew; whether it is another one than before. */
    boolean hold(List<PairMember> members, long now) {
        for (int i = 0; i < usable.length; i++) {
            boolean is = members.get(i).isUsable();
            if (is != usable[i]) {
                usable[i] = is;
                since[i] = now;
            }
        }
        int before = active;
        active = policy.choose(active, usable, since, now);
        return active != before;
    }

    /** Nanoseconds until another may be chosen although nothing has happened; {@link Long#MAX_VALUE} if none will. */
    long untilNext(long now) {
        return policy.untilNext(active, usable, since, now);
    }
}
