package io.patchbay.core.port;

import java.time.Duration;
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
    private static final String KEY_AT_MOST = "holdAtMostMs";
    private static final int DEFAULT_MILLIS = 1000;
    private static final int MAX_MILLIS = 60_000;
    private static final int MIN_BUFFER = 1 << 12;
    private static final int MAX_BUFFER = 1 << 30;

    /**
     * From a port's settings {@code whenFull} ({@code drop} if absent) and {@code holdAtMostMs} (1 to 60000, default 1000).
     *
     * @throws SettingException if one of them cannot be
     */
    public static WhenFull of(Optional<String> whenFull, Optional<Integer> holdAtMostMs) {
        String word = whenFull.orElse("drop");
        if (!word.equals("hold") && !word.equals("drop")) {
            throw SettingException.of(KEY, word, "hold, drop");
        }
        boolean hold = word.equals("hold");
        holdAtMostMs.ifPresent(n -> {
            if (!hold) {
                throw SettingException.of(KEY_AT_MOST, n, "nothing unless \"whenFull\" is \"hold\"");
            }
            if (n < 1 || n > MAX_MILLIS) {
                throw SettingException.of(KEY_AT_MOST, n, "1 to " + MAX_MILLIS);
            }
        });
        return hold ? new WhenFull(true, Duration.ofMillis(holdAtMostMs.orElse(DEFAULT_MILLIS))) : DROP;
    }

    /**
     * Checks a port's setting {@code sendBufferBytes}, 4096 to 1073741824.
     *
     * @throws SettingException if it cannot be
     */
    public static void checkSendBuffer(Optional<Integer> bytes) {
        bytes.ifPresent(n -> {
            if (n < MIN_BUFFER || n > MAX_BUFFER) {
                throw SettingException.of("sendBufferBytes", n, MIN_BUFFER + " to " + MAX_BUFFER);
            }
        });
    }

    /** The word in the configuration. */
    public String word() {
        return hold ? "hold" : "drop";
    }
}
