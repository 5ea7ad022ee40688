package io.patchbay.cli;

import io.patchbay.cli.bench.BenchCommand;
import io.patchbay.cli.demo.DemoCommand;
import io.patchbay.core.control.Daemon;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code patchbay}. */
@Command(
        name = "patchbay",
        description = "A virtual switch for the VMs of one host.",
        mixinStandardHelpOptions = true,
        version = "patchbay " + Daemon.VERSION,
        exitCodeListHeading = "Exit codes:%n",
        exitCodeList = {
            "0:done; of run: ended by a signal",
            "1:failed",
            "2:wrong usage",
            "3:no such port; of run: memory has run out",
            "4:no daemon answers",
            "5:not permitted to ask the daemon",
            "6:wrong configuration"
        },
        subcommands = {
            RunCommand.class,
            DemoCommand.class,
            BenchCommand.class,
            PortCommand.class,
            FdbCommand.class,
            StatsCommand.class,
            DropsCommand.class,
            StatusCommand.class,
            ConfigCommand.class
        })
public final class Main {

    public static void main(String[] arguments) {
        // What a library has to say is of interest only when a command fails; the daemon sets up its own log.
        LoggingSetup.configure(LoggingSetup.Format.human, LoggingSetup.Threshold.error);
        System.exit(commandLine().execute(arguments));
    }

    /** The command line, for whoever wants to run commands in this process. */
    public static CommandLine commandLine() {
        return new CommandLine(new Main()).setExecutionExceptionHandler((error, line, parsed) -> {
            if (error instanceof CommandFailure failure) {
                failure.lines().forEach(text -> line.getErr().println("patchbay: " + text));
                return failure.exitCode();
            }
            throw error;
        });
    }
}
