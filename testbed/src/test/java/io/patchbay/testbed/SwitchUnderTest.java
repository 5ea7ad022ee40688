package io.patchbay.testbed;

import io.patchbay.core.control.Daemon;
import io.patchbay.core.control.Totals;
import io.patchbay.core.control.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A whole daemon in a directory of its own. */
final class SwitchUnderTest implements AutoCloseable {

    private final Path directory;
    private final Daemon daemon;

    private SwitchUnderTest(Path directory, Daemon daemon) {
        this.directory = directory;
        this.daemon = daemon;
    }

    /**
     * Starts a switch.
     *
     * @param guests number of vhost-user ports, with sockets vm0, vm1, ...
     * @param taps names of tap devices, a port for each
     */
    static SwitchUnderTest start(int guests, List<String> taps, String idle) throws Exception {
        Path directory = Files.createTempDirectory("pbt");
        List<String> ports = new ArrayList<>();
        for (int i = 0; i < guests; i++) {
            ports.add("{\"name\":\"vm%d\",\"type\":\"vhost-user\",\"socket\":\"%s/vm%d.sock\"}"
                    .formatted(i, directory, i));
        }
        for (String tap : taps) {
            ports.add("{\"name\":\"%s\",\"type\":\"tap\",\"device\":\"%s\"}".formatted(tap, tap));
        }
        String config =
                "{\"switch\":{\"adminSocket\":\"%s/admin.sock\",\"metricsAddress\":\"off\",\"idle\":\"%s\"},\"ports\":[%s]}"
                        .formatted(directory, idle, String.join(",", ports));
        return new SwitchUnderTest(
                directory,
                Daemon.start(
                        ConfigReader.ofInstalledKinds().parse(config, "the test's configuration"), Optional.empty()));
    }

    String socket(int guest) {
        return directory.resolve("vm" + guest + ".sock").toString();
    }

    Totals totals() {
        return daemon.totals();
    }

    @Override
    public void close() throws Exception {
        daemon.close();
        Files.delete(directory);
    }
}
