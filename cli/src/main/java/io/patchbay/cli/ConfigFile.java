package io.patchbay.cli;

import io.patchbay.core.control.config.Config;
import io.patchbay.core.control.config.ConfigException;
import io.patchbay.core.control.config.ConfigReader;
import java.nio.file.Path;

/** Reads configurations for commands. */
final class ConfigFile {

    private ConfigFile() {}

    static Config read(Path file) {
        try {
            return ConfigReader.ofInstalledKinds().read(file);
        } catch (ConfigException e) {
            throw new CommandFailure(CommandFailure.BAD_CONFIG, String.valueOf(e.getMessage()));
        }
    }
}
