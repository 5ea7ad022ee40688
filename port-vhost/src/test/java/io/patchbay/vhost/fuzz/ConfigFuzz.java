package io.patchbay.vhost.fuzz;

import io.patchbay.core.control.config.ConfigException;
import io.patchbay.core.control.config.ConfigReader;
import java.nio.charset.StandardCharsets;

/** Fuzz target: any text is a configuration, or is refused with a reason that names the place. */
public final class ConfigFuzz {

    private static final ConfigReader READER = ConfigReader.ofInstalledKinds();

    private ConfigFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        try {
            var _ = READER.parse(new String(bytes, StandardCharsets.UTF_8), "fuzz.json");
        } catch (ConfigException e) {
            if (!String.valueOf(e.getMessage()).contains("fuzz.json")) {
                throw new AssertionError("a refusal that does not say where: " + e.getMessage(), e);
            }
        }
    }
}
