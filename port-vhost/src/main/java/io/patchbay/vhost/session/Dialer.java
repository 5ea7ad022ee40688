package io.patchbay.vhost.session;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.UnixSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * A front end that listens: we connect to it, for as long as it takes and as often as it goes away.
 *
 * <p>Tries come quickly at first, since a VMM that restarts is soon back, and once a second in the end. A conversation that was no more than
 * a greeting does not make them quick again: a front end that hangs up at once is not dialled ten times a second. What is in the way is said
 * when it changes, not at every try.
 */
final class Dialer implements FrontEndSource {

    static final Duration SHORTEST = Duration.ofMillis(100);
    static final Duration LONGEST = Duration.ofSeconds(1);

    private final Path path;
    private final PortLog log;
    private Duration wait = SHORTEST;
    private long nextTry = System.nanoTime();
    private String said = "";
    private volatile String obstacle = "";

    Dialer(Path path, PortLog log) {
        this.path = path;
        this.log = log;
    }

    @Override
    public int number() {
        return NO_DESCRIPTOR;
    }

    @Override
    public Optional<Duration> pause() {
        return FrontEndSource.until(nextTry);
    }

    @Override
    public Optional<UnixSocket> next() {
        try {
            UnixSocket socket = UnixSocket.connect(path.toString());
            obstacle = "";
            said = "";
            return Optional.of(socket);
        } catch (LinuxException e) {
            obstacle = reason(path, e.errno());
            if (!obstacle.equals(said)) {
                said = obstacle;
                log.info(obstacle + "; trying on");
            }
            postpone();
            return Optional.empty();
        }
    }

    static String reason(Path path, int errno) {
        return switch (errno) {
            case Errno.ENOENT -> "waiting for a front end to listen at " + path + ": there is no such file";
            case Errno.ECONNREFUSED -> "refused: nobody listens at " + path;
            case Errno.EACCES, Errno.EPERM -> "no permission to connect to " + path + ": " + Errno.text(errno);
            case Errno.EAGAIN -> "waiting for the front end at " + path + " to accept: too many wait already";
            default -> "cannot connect to " + path + ": " + Errno.text(errno);
        };
    }

    private void postpone() {
        nextTry = System.nanoTime() + wait.toNanos();
        Duration twice = wait.multipliedBy(2);
        wait = twice.compareTo(LONGEST) < 0 ? twice : LONGEST;
    }

    @Override
    public void ended(Duration conversation) {
        if (conversation.compareTo(LONGEST) > 0) {
            wait = SHORTEST;
        }
        postpone();
    }

    @Override
    public String waiting() {
        String why = obstacle;
        return why.isEmpty() ? "waiting for the front end at " + path : why;
    }

    @Override
    public void close() {
        // Between conversations there is nothing open.
    }
}
