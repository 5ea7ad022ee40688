package io.patchbay.core.port;

import java.nio.file.Path;

/**
 * Something of the host that a port wants for itself.
 *
 * @param setting the key of the setting that names it
 * @param resource what it is, in words that are the same for whoever means the same, such as {@code socket /run/vm1.sock}
 */
public record Claim(String setting, String resource) {

    /** A file name in the file system. */
    public static Claim socket(String setting, String path) {
        return new Claim(setting, "socket " + Path.of(path).normalize());
    }

    /** A network device of the host. */
    public static Claim device(String setting, String name) {
        return new Claim(setting, "network device " + name);
    }
}
