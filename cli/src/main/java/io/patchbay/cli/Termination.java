package io.patchbay.cli;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The end of the process. A signal lets the daemon stop in order, whenever it comes, even while it starts; the process then ends with the daemon's
 * exit code, not with that of the signal.
 */
final class Termination {

    /** Much longer than a stop in order takes, and less than systemd waits before it kills. */
    private static final Duration LIMIT = Duration.ofSeconds(30);

    private final CountDownLatch wanted = new CountDownLatch(1);
    private final CountDownLatch done = new CountDownLatch(1);
    private final Duration limit;
    private volatile int exitCode = CommandFailure.FAILED;

    /** @param limit how long a stop in order may take */
    Termination(Duration limit) {
        this.limit = limit;
    }

    /** That which signals to this process begin. */
    static Termination ofThisProcess() {
        Termination termination = new Termination(LIMIT);
        Thread stop = Thread.ofPlatform()
                .name("stop")
                .unstarted(() -> Runtime.getRuntime().halt(termination.request()));
        Runtime.getRuntime().addShutdownHook(stop);
        return termination;
    }

    /** Says that the end is wanted. */
    void want() {
        wanted.countDown();
    }

    /** Returns when the end is wanted. */
    void await() throws InterruptedException {
        wanted.await();
    }

    /** Says that the process may end with an exit code, after a last action, even if that fails. */
    void done(int code, Runnable last) {
        try {
            last.run();
        } finally {
            exitCode = code;
            done.countDown();
        }
    }

    /** Asks for the end, and waits until it is there, though not for longer than it may take. Gives the exit code. */
    int request() {
        want();
        try {
            // If not, nobody is left who could be told: the log may be what hangs.
            boolean _ = done.await(limit.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return exitCode;
    }
}
