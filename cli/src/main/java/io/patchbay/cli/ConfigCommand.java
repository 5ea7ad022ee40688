package io.patchbay.cli;

import io.patchbay.core.control.config.Config;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** {@code patchbay config}. */
@Command(name = "config", description = "Look at configuration files.", mixinStandardHelpOptions = true)
final class ConfigCommand {

    @Command(name = "check", description = "Say whether a file can be run, and if not, what is wrong where.")
    int check(@Parameters(paramLabel = "FILE") Path file) {
        Config config = ConfigFile.read(file);
        System.out.println(file + ": good, " + config.ports().size() + " ports");
        return 0;
    }
}
