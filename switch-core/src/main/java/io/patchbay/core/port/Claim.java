package io.patchbay.core.port;

import java.nio.file.Path;
import java.util.Optional;

/**
 * Something of the host that a port wants for itself.
 *
 * @param setting the key of the setting that names it
 * @param resource what it is, in words that are the same for whoever means the same, such as {@code socket /run/vm1.sock}
 */
public record Claim(String setting, String resource) {

    /** A file name in the file system, as {@link SettingChecks#socket} lets pass. */
    public static Claim socket(String setting, String path) {
        return new Claim(setting, "socket " + Path.of(path).normalize());
    }

    /** A network device in the namespace of that file, if any is given, as {@link SettingChecks#namespace} lets pass. */
    public static Claim device(String setting, String name, Optional<String> namespace) {
        return new Claim(
                setting,
                "network device " + name
                        + namespace
                                .map(file -> " in " + Path.of(file).normalize())
                                .orElse(""));
    }
}
