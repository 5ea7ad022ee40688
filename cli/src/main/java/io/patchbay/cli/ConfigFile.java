package io.patchbay.cli;

import io.patchbay.core.control.config.Config;
import io.patchbay.core.control.config.ConfigException;
import io.patchbay.core.control.config.ConfigProblem;
import io.patchbay.core.control.config.ConfigReader;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/** Reads configurations for commands. */
final class ConfigFile {

    private ConfigFile() {}

    static Config read(Path file) {
        try {
            return ConfigReader.ofInstalledKinds().read(file);
        } catch (ConfigException e) {
            throw failure(e.problems());
        }
    }

    static CommandFailure failure(List<ConfigProblem> problems) {
        return new CommandFailure(
                CommandFailure.BAD_CONFIG,
                problems.stream().map(ConfigProblem::toString).collect(Collectors.joining("\n")));
    }
}
