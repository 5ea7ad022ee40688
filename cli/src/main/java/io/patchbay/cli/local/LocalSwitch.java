package io.patchbay.cli.local;

import io.patchbay.core.control.Daemon;
import io.patchbay.core.control.DaemonException;
import io.patchbay.core.control.config.Config;
import io.patchbay.core.control.config.ConfigException;
import io.patchbay.core.control.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import tools.jackson.databind.json.JsonMapper;

/** A switch with vhost-user ports {@code vm0}, {@code vm1}, ... whose sockets lie in a temporary directory. */
public final class LocalSwitch implements AutoCloseable {

    private final Path directory;
    private final Daemon daemon;

    private LocalSwitch(Path directory, Daemon daemon) {
        this.directory = directory;
        this.daemon = daemon;
    }

    public static LocalSwitch start(int ports) throws IOException, ConfigException, DaemonException {
        Path directory = Files.createTempDirectory("patchbay");
        try {
            return new LocalSwitch(directory, Daemon.start(config(directory, ports), Optional.empty()));
        } catch (ConfigException | DaemonException | RuntimeException e) {
            Files.deleteIfExists(directory);
            throw e;
        }
    }

    private static Config config(Path directory, int ports) throws ConfigException {
        List<Map<String, String>> guests = new ArrayList<>();
        for (int i = 0; i < ports; i++) {
            guests.add(Map.of("name", "vm" + i, "type", "vhost-user", "socket", socket(directory, i)));
        }
        Map<String, Object> config = Map.of(
                "switch",
                Map.of("adminSocket", adminSocket(directory), "stateDirectory", "off", "metricsAddress", "off"),
                "ports",
                guests);
        return ConfigReader.ofInstalledKinds()
                .parse(JsonMapper.shared().writeValueAsString(config), "the configuration of the command's own switch");
    }

    private static String socket(Path directory, int port) {
        return directory.resolve("vm" + port + ".sock").toString();
    }

    private static String adminSocket(Path directory) {
        return directory.resolve("admin.sock").toString();
    }

    /** Where port {@code vm<n>} listens. */
    public String socket(int port) {
        return socket(directory, port);
    }

    public String adminSocket() {
        return adminSocket(directory);
    }

    public Daemon daemon() {
        return daemon;
    }

    @Override
    public void close() throws IOException {
        try {
            daemon.close();
        } finally {
            Files.deleteIfExists(directory);
        }
    }
}
