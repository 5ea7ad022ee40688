package io.patchbay.vhost.net;

import io.patchbay.core.port.SettingChecks;
import io.patchbay.core.port.SettingException;
import io.patchbay.vhost.memory.MemoryPool;
import io.patchbay.vhost.memory.MemoryRules;
import io.patchbay.vhost.session.SocketFile;
import java.util.Optional;

/**
 * Settings of a {@code vhost-user} port.
 *
 * @param socket path at which front ends connect, or in client mode the front end listens; at most 107 bytes
 * @param mode what the switch is on the socket: {@code server} (default: it listens) or {@code client} (it connects, again and again)
 * @param permissions of the socket file, in octal digits; default 0660; only for a server, as are the next two
 * @param owner user, by name or number, the socket file is given to
 * @param group group, by name or number, the socket file is given to
 * @param features which features are offered; default: all the switch knows
 * @param memoryFiles what guest memory may lie in: {@code memory} (default: a memfd, tmpfs, hugetlbfs) or {@code any} file
 * @param memoryLimitGiB how much guest memory may be mapped, counted from the beginnings of its files; 1 to 65536, default 4096
 */
public record VhostSettings(
        String socket,
        Optional<String> mode,
        Optional<String> permissions,
        Optional<String> owner,
        Optional<String> group,
        Optional<FeatureSettings> features,
        Optional<String> memoryFiles,
        Optional<Integer> memoryLimitGiB) {

    private static final String SERVER = "server";
    private static final String CLIENT = "client";
    private static final String DEFAULT_PERMISSIONS = "0660";
    private static final String MEMORY = "memory";
    private static final String ANY = "any";
    private static final int DEFAULT_MEMORY_LIMIT_GIB = 4096;
    private static final int MOST_MEMORY_GIB = 65_536;
    private static final int GIB_SHIFT = 30;

    public VhostSettings {
        SettingChecks.socket("socket", socket);
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
        memoryFiles.ifPresent(kind -> {
            if (!kind.equals(MEMORY) && !kind.equals(ANY)) {
                throw SettingException.of("memoryFiles", kind, "memory (a memfd, tmpfs or hugetlbfs), any");
            }
        });
        SettingChecks.range("memoryLimitGiB", memoryLimitGiB, 1, MOST_MEMORY_GIB);
        if (mode.orElse(SERVER).equals(CLIENT)) {
            onlyForAServer("permissions", permissions);
            onlyForAServer("owner", owner);
            onlyForAServer("group", group);
        }
        owner.ifPresent(name -> SettingChecks.user("owner", name));
        group.ifPresent(name -> SettingChecks.group("group", name));
    }

    private static void onlyForAServer(String key, Optional<String> value) {
        value.ifPresent(v -> {
            throw SettingException.of(
                    key, v, "nothing: in client mode the socket file is the front end's, which decides who may use it");
        });
    }

    /** A server with all defaults. */
    public static VhostSettings at(String socket) {
        return withDefaults(socket, Optional.empty());
    }

    /** A client with all defaults. */
    public static VhostSettings client(String socket) {
        return withDefaults(socket, Optional.of(CLIENT));
    }

    private static VhostSettings withDefaults(String socket, Optional<String> mode) {
        return new VhostSettings(
                socket,
                mode,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty());
    }

    /** These settings with other rules for guest memory. */
    VhostSettings withMemory(Optional<String> files, Optional<Integer> limitGiB) {
        return new VhostSettings(socket, mode, permissions, owner, group, features, files, limitGiB);
    }

    boolean isClient() {
        return mode.orElse(SERVER).equals(CLIENT);
    }

    /** Who may connect to a server. */
    SocketFile.Access access() {
        return new SocketFile.Access(
                Integer.parseInt(permissions.orElse(DEFAULT_PERMISSIONS), 8),
                owner.map(name -> SettingChecks.user("owner", name)),
                group.map(name -> SettingChecks.group("group", name)));
    }

    MemoryRules memoryRules(MemoryPool pool) {
        long limit = memoryLimitGiB.orElse(DEFAULT_MEMORY_LIMIT_GIB);
        return new MemoryRules(memoryFiles.orElse(MEMORY).equals(ANY), limit << GIB_SHIFT, pool);
    }

    FeatureSettings offer() {
        return features.orElse(FeatureSettings.ALL);
    }
}
