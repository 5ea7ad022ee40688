package io.patchbay.cli;

import io.patchbay.core.control.Daemon;
import io.patchbay.core.control.DaemonException;
import io.patchbay.core.control.config.Config;
import io.patchbay.core.control.config.SwitchConfig;
import io.patchbay.vhost.net.VhostPortProvider;
import io.patchbay.vhost.net.WarmUp;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code patchbay run}: the daemon, until SIGTERM or Ctrl-C. All it has to say goes to the log, and so has the log's form. */
@Command(name = "run", description = "Run the switch in the foreground.", mixinStandardHelpOptions = true)
final class RunCommand implements Callable<Integer> {

    private static final Logger LOG = LoggerFactory.getLogger(RunCommand.class);

    @Option(names = "--config", required = true, paramLabel = "FILE", description = "JSON configuration.")
    private Path config = Path.of("");

    @Option(
            names = "--log-format",
            defaultValue = "human",
            description = "Log as ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}.")
    private LoggingSetup.Format format = LoggingSetup.Format.human;

    @Option(
            names = "--log-level",
            defaultValue = "info",
            description = "Log what is at least ${COMPLETION-CANDIDATES}; default: ${DEFAULT-VALUE}.")
    private LoggingSetup.Threshold threshold = LoggingSetup.Threshold.info;

    @Override
    public Integer call() throws InterruptedException {
        LoggingSetup.configure(format, threshold);
        Termination termination = Termination.ofThisProcess();
        int exitCode = CommandFailure.FAILED;
        try {
            exitCode = serve(ConfigFile.read(config), termination);
        } catch (CommandFailure e) {
            e.lines().forEach(LOG::error);
            exitCode = e.exitCode();
        } finally {
            termination.done(exitCode, LoggingSetup::flush);
        }
        return exitCode;
    }

    private static int serve(Config config, Termination termination) throws InterruptedException {
        warmUp(config);
        try (Daemon daemon = Daemon.start(config, Optional.ofNullable(System.getenv("NOTIFY_SOCKET")))) {
            daemon.death().thenRun(termination::want);
            termination.await();
            if (daemon.death().isDone()) {
                throw new CommandFailure(CommandFailure.FAILED, "stopping, since a worker has died: see above");
            }
            LOG.info("stopping, as asked by a signal");
            return 0;
        } catch (DaemonException e) {
            throw new CommandFailure(CommandFailure.FAILED, String.valueOf(e.getMessage()));
        }
    }

    /**
     * Exercises the path between guests before anybody can connect, so that the first frames do not pass interpreted. Not if guests wait for a switch
     * that was here before: to them every millisecond without it is worse than a slow second.
     */
    private static void warmUp(Config config) throws InterruptedException {
        List<Config.PortConfig> guests = config.ports().stream()
                .filter(port -> port.type().equals(VhostPortProvider.TYPE))
                .toList();
        if (config.switching().warmUp().isZero() || guests.isEmpty()) {
            return;
        }
        Optional<Path> state = config.switching().statePath();
        boolean awaited = guests.stream()
                .anyMatch(port -> state.map(directory -> SwitchConfig.stateFile(directory, port.name()))
                        .filter(WarmUp::isGuestWaiting)
                        .isPresent());
        if (awaited) {
            return;
        }
        try {
            long frames = WarmUp.run(config.switching().warmUp());
            LOG.debug("warmed up by {} frames", frames);
        } catch (IllegalStateException e) {
            LOG.warn("not warmed up", e);
        }
    }
}
