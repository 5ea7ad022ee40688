package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells the world that a guest breaks the rules of a virtqueue: the log, at most once a second, and the front end, through the error
 * descriptor if it gave one. Used by one worker at a time.
 */
final class QueueFault {

    private static final Logger LOG = LoggerFactory.getLogger(QueueFault.class);
    private static final long QUIET_NANOS = 1_000_000_000L;

    private final String queue;
    private final Optional<EventFd> error;
    private long lastLine = System.nanoTime() - QUIET_NANOS;
    private long unsaid;

    /** @param queue port and number, for the log */
    QueueFault(String queue, Optional<EventFd> error) {
        this.queue = queue;
        this.error = error;
    }

    /** @param frames how many chains are concerned, at least 1 */
    void report(String what, int frames) {
        error.ifPresent(EventFd::signal);
        unsaid += frames;
        long now = System.nanoTime();
        if (now - lastLine >= QUIET_NANOS) {
            LOG.warn("{}: {} ({} since the last such line)", queue, what, unsaid);
            lastLine = now;
            unsaid = 0;
        }
    }
}
