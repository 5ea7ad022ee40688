package io.patchbay.vhost.session;

import io.patchbay.core.linux.UnixSocket;
import java.time.Duration;
import java.util.Optional;

/** Where a port's front ends come from. Used by the session's thread only, except {@link #waiting}. */
sealed interface FrontEndSource extends AutoCloseable permits Listener, Dialer {

    /** {@link #number} where only time can tell whether somebody has come. */
    int NO_DESCRIPTOR = -1;

    /** The descriptor that becomes readable when somebody comes, or {@link #NO_DESCRIPTOR}. */
    int number();

    /** For how long it is useless to look; empty if it is not. */
    Optional<Duration> pause();

    /** Who has come, if anybody. Does not wait. */
    Optional<UnixSocket> next();

    /** A conversation with somebody who came from here is over. */
    void ended(Duration conversation);

    /** Why nobody is there, for an operator. For any thread. */
    String waiting();

    @Override
    void close();

    /** What is left of a time to wait, if anything is; rounded up, so that waiting for it is enough. */
    static Optional<Duration> until(long nanoTime) {
        long left = nanoTime - System.nanoTime();
        return left > 0 ? Optional.of(Duration.ofNanos(left).plusMillis(1)) : Optional.empty();
    }
}
