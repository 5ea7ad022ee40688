package io.patchbay.vhost.session;

import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.UnixSocket;
import java.time.Duration;
import java.util.Optional;

/** Front ends that connect to us. */
final class Listener implements FrontEndSource {

    /** How long nobody is accepted after that failed, for instance for want of descriptors. */
    private static final Duration DEAF_TIME = Duration.ofMillis(100);

    private final SocketFile file;
    private final PortLog log;
    private long deafUntil = System.nanoTime();

    /** @param file taken over */
    Listener(SocketFile file, PortLog log) {
        this.file = file;
        this.log = log;
    }

    @Override
    public int number() {
        return file.number();
    }

    @Override
    public Optional<Duration> pause() {
        return FrontEndSource.until(deafUntil);
    }

    @Override
    public Optional<UnixSocket> next() {
        try {
            return file.accept();
        } catch (LinuxException e) {
            // The front end goes on waiting, so the listener goes on being ready: asking again at once would be a busy
            // loop.
            log.warn("cannot accept a front end: " + e.getMessage());
            deafUntil = System.nanoTime() + DEAF_TIME.toNanos();
            return Optional.empty();
        }
    }

    @Override
    public void ended(Duration conversation) {
        // Whoever comes next has decided so by itself.
    }

    @Override
    public String waiting() {
        return file.isReachable()
                ? "waiting for a front end to connect to " + file.path()
                : "no front end can connect: " + file.path()
                        + " was removed, or is another's; a restart of the switch makes it anew";
    }

    @Override
    public void close() {
        file.close();
    }
}
