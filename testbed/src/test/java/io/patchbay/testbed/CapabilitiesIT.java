package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.apps.DaemonSet;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That the capabilities of the deployment files suffice for every kind of port, by running with those and no other. */
class CapabilitiesIT {

    @TempDir
    private Path directory;

    @BeforeEach
    void peers() {
        Peers.needRoot();
        Peers.needPrograms("setpriv", "ip");
    }

    @Test
    void thoseOfTheDaemonSetSuffice() throws Exception {
        DaemonSet daemons = Manifests.in(Path.of("..", "deploy", "kubernetes")).only(DaemonSet.class);
        assertEveryPortStarts(daemons.getSpec()
                .getTemplate()
                .getSpec()
                .getContainers()
                .getFirst()
                .getSecurityContext()
                .getCapabilities()
                .getAdd());
    }

    @Test
    void thoseOfTheUnitSuffice() throws Exception {
        String key = "CapabilityBoundingSet=";
        String set = Files.readAllLines(Path.of("..", "deploy", "systemd", "patchbay.service")).stream()
                .filter(line -> line.startsWith(key))
                .findFirst()
                .orElseThrow();
        assertEveryPortStarts(
                Arrays.asList(set.substring(key.length()).replace("CAP_", "").split(" ")));
    }

    private void assertEveryPortStarts(List<String> capabilities) throws Exception {
        Path config = Files.writeString(directory.resolve("patchbay.json"), """
                {"switch": {"adminSocket": "%1$s/admin.sock", "stateDirectory": "%1$s/state", "metricsAddress": "off", "workers": [{"cpu": 0}]},
                 "ports": [{"name": "vm", "type": "vhost-user", "socket": "%1$s/vm.sock", "permissions": "0600",
                            "owner": "nobody", "group": "nogroup"},
                           {"name": "host", "type": "tap", "device": "pbocap", "mtu": 9000},
                           {"name": "wire", "type": "raw-socket", "interface": "pboveth"}]}
                """.formatted(directory));
        String allowed = capabilities.stream()
                .map(name -> ",+" + name.toLowerCase(Locale.ROOT))
                .collect(Collectors.joining());
        Path socket = directory.resolve("vm.sock");
        try (Namespace namespace = new Namespace("pbocap")) {
            namespace.run("ip link add pboveth type veth peer name pbopeer && ip link set pboveth up");
            try (PatchbayProcess killed = run(allowed, config)) {
                killed.awaitLog("serves 3 ports");
                killed.kill();
            }
            assertThat(Files.getOwner(socket).getName()).isEqualTo("nobody");
            // The next one may not connect to the file that is left, to see whether anybody is there.
            try (PatchbayProcess daemon = run(allowed, config)) {
                daemon.awaitLog("serves 3 ports");
                assertThat(Files.getOwner(socket).getName()).isEqualTo("nobody");

                daemon.terminate();

                assertThat(daemon.awaitExit()).as(daemon.errors()).isZero();
                assertThat(socket).doesNotExist();
            }
        }
    }

    private static PatchbayProcess run(String allowed, Path config) throws Exception {
        return PatchbayProcess.start(
                List.of(
                        "ip",
                        "netns",
                        "exec",
                        "pbocap",
                        "setpriv",
                        "--no-new-privs",
                        "--inh-caps=-all",
                        "--bounding-set=-all" + allowed),
                List.of("run", "--config", config.toString()));
    }
}
