package io.patchbay.core.port;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What becomes of frames for an uplink that takes no more at the moment.
 *
 * @param hold whether frames for one port wait in their sender's queue, and with them what is behind them there; else they are dropped
 * @param atMost how long an uplink may be full before it counts as stuck and frames for it are dropped after all
 */
public record WhenFull(boolean hold, Duration atMost) {

    /** Frames are dropped, as switches do. */
    public static final WhenFull DROP = new WhenFull(false, Duration.ZERO);

    private static final String KEY = "whenFull";
    private static final String HOLDING = "hold";
    private static final String DROPPING = "drop";
    private static final String KEY_AT_MOST = "holdAtMostMs";
    private static final int DEFAULT_MILLIS = 1000;
    private static final int MAX_MILLIS = 60_000;

    /**
     * From a port's settings {@code whenFull} ({@code drop} if absent) and {@code holdAtMostMs} (1 to 60000, default 1000).
     *
     * @throws SettingException if one of them cannot be
     */
    public static WhenFull of(Optional<String> whenFull, Optional<Integer> holdAtMostMs) {
        SettingChecks.oneOf(KEY, whenFull, List.of(HOLDING, DROPPING));
        boolean hold = whenFull.orElse(DROPPING).equals(HOLDING);
        if (!hold && holdAtMostMs.isPresent()) {
            throw SettingException.of(KEY_AT_MOST, holdAtMostMs.get(), "nothing unless \"whenFull\" is \"hold\"");
        }
        SettingChecks.range(KEY_AT_MOST, holdAtMostMs, 1, MAX_MILLIS);
        return hold ? new WhenFull(true, Duration.ofMillis(holdAtMostMs.orElse(DEFAULT_MILLIS))) : DROP;
    }

    /** The word in the configuration. */
    public String word() {
        return hold ? HOLDING : DROPPING;
    }
}
