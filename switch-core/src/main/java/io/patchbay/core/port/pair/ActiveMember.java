package io.patchbay.core.port.pair;

/**
 * Which member of a pair carries frames: a function of what is known and of the time.
 *
 * @param primary the member to be preferred, or {@link #NONE}
 * @param failBack whether the primary takes over from a member that could go on
 * @param holdDownNanos how long it must have been usable before it does
 */
record ActiveMember(int primary, boolean failBack, long holdDownNanos) {

    /** No member. */
    static final int NONE = -1;

    /**
     * Chooses.
     *
     * @param active the member chosen before, or {@link #NONE}
     * @param usable whether each member can be used
     * @param since when each became what it is, on the clock of {@code now}
     * @return a member that can be used, or {@link #NONE}
     */
    int choose(int active, boolean[] usable, long[] since, long now) {
        if (active == NONE || !usable[active]) {
            return firstUsable(usable);
        }
        return isComingBack(active, usable) && now - since[primary] >= holdDownNanos ? primary : active;
    }

    /** Nanoseconds until {@link #choose} may say something else although nothing has happened; {@link Long#MAX_VALUE} if it will not. */
    long untilNext(int active, boolean[] usable, long[] since, long now) {
        return active != NONE && usable[active] && isComingBack(active, usable)
                ? Math.max(0, holdDownNanos - (now - since[primary]))
                : Long.MAX_VALUE;
    }

    private boolean isComingBack(int active, boolean[] usable) {
        return failBack && primary != NONE && primary != active && usable[primary];
    }

    private int firstUsable(boolean[] usable) {
        if (primary != NONE && usable[primary]) {
            return primary;
        }
        for (int i = 0; i < usable.length; i++) {
            if (usable[i]) {
                return i;
            }
        }
        return NONE;
    }
}
