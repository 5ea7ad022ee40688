package io.patchbay.vhost.net;

import io.patchbay.core.linux.UnixSocket;
import io.patchbay.core.port.SettingException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;

/**
 * Settings of a {@code vhost-user} port.
 *
 * @param socket path at which front ends connect, or in client mode the front end listens; at most 107 bytes
 * @param mode what the switch is on the socket: {@code server} (default: it listens) or {@code client} (it connects, again and again)
 * @param permissions of the socket file, in octal digits; default 0660; only for a server, as are the next two
 * @param owner user the socket file is given to
 * @param group group the socket file is given to
 * @param features which features are offered; default: all the switch knows
 */
public record VhostSettings(
        String socket,
        Optional<String> mode,
        Optional<String> permissions,
        Optional<String> owner,
        Optional<String> group,
        Optional<FeatureSettings> features) {

    private static final String SERVER = "server";
    private static final String CLIENT = "client";
    private static final String DEFAULT_PERMISSIONS = "0660";

    public VhostSettings {
        int bytes = socket.getBytes(StandardCharsets.UTF_8).length;
        if (!socket.startsWith("/") || socket.indexOf(0) >= 0 || bytes > UnixSocket.MAX_PATH_BYTES) {
            throw SettingException.of(
                    "socket", socket, "an absolute path of at most " + UnixSocket.MAX_PATH_BYTES + " bytes");
        }
        mode.ifPresent(m -> {
            if (!m.equals(SERVER) && !m.equals(CLIENT)) {
                throw SettingException.of(
                        "mode", m, "server, client (who may use a server's socket file is said by \"permissions\")");
            }
        });
        permissions.ifPresent(p -> {
            if (!p.matches("0?[0-7]{3}")) {
                throw SettingException.of("permissions", p, "three octal digits, such as " + DEFAULT_PERMISSIONS);
            }
        });
        if (mode.orElse(SERVER).equals(CLIENT)) {
            onlyForAServer("permissions", permissions);
            onlyForAServer("owner", owner);
            onlyForAServer("group", group);
        }
    }

    private static void onlyForAServer(String key, Optional<String> value) {
        value.ifPresent(v -> {
            throw SettingException.of(
                    key, v, "nothing: in client mode the socket file is the front end's, which decides who may use it");
        });
    }

    /** A server with all defaults. */
    public static VhostSettings at(String socket) {
        return new VhostSettings(
                socket, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** A client with all defaults. */
    public static VhostSettings client(String socket) {
        return new VhostSettings(
                socket, Optional.of(CLIENT), Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty());
    }

    /** These settings with features disabled. */
    VhostSettings without(FeatureSettings disabled) {
        return new VhostSettings(socket, mode, permissions, owner, group, Optional.of(disabled));
    }

    boolean isClient() {
        return mode.orElse(SERVER).equals(CLIENT);
    }

    int permissionBits() {
        return Integer.parseInt(permissions.orElse(DEFAULT_PERMISSIONS), 8);
    }

    FeatureSettings offer() {
        return features.orElse(FeatureSettings.ALL);
    }
}
