package io.patchbay.cli;

import io.patchbay.core.control.Daemon;
import io.patchbay.core.control.DaemonException;
import io.patchbay.core.control.config.Config;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code patchbay run}: the daemon, until SIGTERM or Ctrl-C. */
@Command(name = "run", description = "Run the switch in the foreground.", mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "JSON configuration.")
    private Path config = Path.of("");

    @Option(
            names = "--log-format",
            defaultValue = "human",
            description = "Log as ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}.")
    private LoggingSetup.Format format = LoggingSetup.Format.human;

    @Option(names = "--log-level", defaultValue = "info", description = "error, warn, info, debug or trace.")
    private String level = "info";

    @Override
    public Integer call() throws InterruptedException {
        LoggingSetup.configure(format, level);
        Config parsed = ConfigFile.read(config);
        CountDownLatch stop = new CountDownLatch(1);
        CountDownLatch stopped = new CountDownLatch(1);
        try {
            Daemon daemon = Daemon.start(parsed, Optional.ofNullable(System.getenv("NOTIFY_SOCKET")));
            Runtime.getRuntime().addShutdownHook(Thread.ofPlatform().unstarted(() -> {
                stop.countDown();
                awaitQuietly(stopped);
            }));
            stop.await();
            daemon.close();
        } catch (DaemonException e) {
            throw new CommandFailure(CommandFailure.FAILED, String.valueOf(e.getMessage()));
        } finally {
            LoggingSetup.flush();
            stopped.countDown();
        }
        return 0;
    }

    private static void awaitQuietly(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
