package io.patchbay.vhost.net;

import io.patchbay.core.linux.UnixSocket;
import io.patchbay.core.port.SettingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Settings of a {@code vhost-user} port.
 *
 * @param socket path at which front ends connect; at most 107 bytes
 * @param mode permissions of the socket file, in octal digits; default 0660
 * @param owner user the socket file is given to
 * @param group group the socket file is given to
 */
public record VhostSettings(String socket, Optional<String> mode, Optional<String> owner, Optional<String> group) {

    private static final String DEFAULT_MODE = "0660";

    public VhostSettings {
        int bytes = socket.getBytes(StandardCharsets.UTF_8).length;
        if (!socket.startsWith("/") || bytes > UnixSocket.MAX_PATH_BYTES) {
            throw SettingException.of(
                    "socket", socket, "an absolute path of at most " + UnixSocket.MAX_PATH_BYTES + " bytes");
        }
        mode.ifPresent(m -> {
            if (!m.matches("0?[0-7]{3}")) {
                throw SettingException.of("mode", m, "three octal digits, such as " + DEFAULT_MODE);
            }
        });
    }

    /** A port with default permissions. */
    public static VhostSettings at(String socket) {
        return new VhostSettings(socket, Optional.empty(), Optional.empty(), Optional.empty());
    }

    int modeBits() {
        return Integer.parseInt(mode.orElse(DEFAULT_MODE), 8);
    }
}
