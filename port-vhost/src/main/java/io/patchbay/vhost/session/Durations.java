package io.patchbay.vhost.session;

import java.time.Duration;
import java.util.Optional;

/** Times to wait, where there may be none. */
final class Durations {

    private Durations() {}

    /** Both times: the longer one, if there is any. */
    static Optional<Duration> longer(Optional<Duration> one, Optional<Duration> other) {
        return one.isEmpty() || (other.isPresent() && other.get().compareTo(one.get()) > 0) ? other : one;
    }

    /** Whichever ends first, if there is any. */
    static Optional<Duration> shorter(Optional<Duration> one, Optional<Duration> other) {
        return one.isEmpty() || (other.isPresent() && other.get().compareTo(one.get()) < 0) ? other : one;
    }
}
