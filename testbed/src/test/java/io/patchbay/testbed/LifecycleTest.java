package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.control.Daemon;
import io.patchbay.core.control.DaemonException;
import io.patchbay.core.control.config.ConfigReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** How a daemon starts, refuses to start, and ends. */
class LifecycleTest {

    @TempDir
    private Path directory;

    private Path config(String name, String metrics) throws Exception {
        Path own = Files.createDirectories(directory.resolve(name));
        return Files.writeString(directory.resolve(name + ".json"), OperatedSwitch.config(own, metrics));
    }

    private List<String> left(String name) throws Exception {
        try (Stream<Path> files = Files.list(directory.resolve(name))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private PatchbayProcess run(Path config, String... more) throws Exception {
        return PatchbayProcess.start(
                List.of(),
                Stream.concat(Stream.of("run", "--config", config.toString()), Stream.of(more))
                        .toList());
    }

    @Test
    void twoDaemonsServeSideBySideAndEndInOrderOnSigterm() throws Exception {
        try (PatchbayProcess a = run(config("a", "127.0.0.1:0"));
                PatchbayProcess b = run(config("b", "127.0.0.1:0"))) {
            a.awaitLog("serves 2 ports; admin API at " + directory.resolve("a/admin.sock"));
            b.awaitLog("serves 2 ports; admin API at " + directory.resolve("b/admin.sock"));
            assertThat(left("a")).containsExactly("admin.sock", "vm0.sock", "vm1.sock");
            String metricsOfB = metricsOf("b");
            assertThat(metricsOf("a")).isNotEqualTo(metricsOfB);

            a.terminate();
            assertThat(a.awaitExit()).as(a.errors()).isZero();
            assertThat(left("a")).isEmpty();

            assertThat(Http.get(Http.local(metricsOfB), "/readyz").status()).isEqualTo(200);
            b.terminate();
            assertThat(b.awaitExit()).as(b.errors()).isZero();
            assertThat(left("b")).isEmpty();
        }
    }

    private String metricsOf(String name) {
        return Console.run(
                        "status",
                        "-o",
                        "json",
                        "--socket",
                        directory.resolve(name + "/admin.sock").toString())
                .json()
                .path("metrics")
                .asString();
    }

    @Test
    void theServiceManagerIsToldWhenTheDaemonIsReadyAndWhenItStops() throws Exception {
        try (NotifySocket manager = new NotifySocket(directory.resolve("notify"));
                PatchbayProcess daemon = PatchbayProcess.start(
                        List.of(),
                        List.of("run", "--config", config("a", "off").toString()),
                        Map.of("NOTIFY_SOCKET", directory.resolve("notify").toString()))) {
            assertThat(manager.next()).contains("READY=1\nSTATUS=2 ports");
            assertThat(Console.run(
                                    "status",
                                    "--socket",
                                    directory.resolve("a/admin.sock").toString())
                            .exitCode())
                    .isZero();

            daemon.terminate();

            assertThat(manager.next()).contains("STOPPING=1");
            assertThat(daemon.awaitExit()).as(daemon.errors()).isZero();
        }
    }

    @Test
    void theLogForMachinesHasAnObjectInEveryLine() throws Exception {
        try (PatchbayProcess daemon = run(config("a", "off"), "--log-format", "json")) {
            daemon.awaitLog("serves 2 ports");
            daemon.terminate();
            assertThat(daemon.awaitExit()).isZero();

            assertThat(daemon.errors().lines()).isNotEmpty().allSatisfy(line -> {
                JsonNode event = JsonMapper.shared().readTree(line);
                assertThat(event.path("timestamp").asLong()).isPositive();
                assertThat(event.path("level").asString()).isNotEmpty();
                assertThat(event.path("loggerName").asString()).startsWith("io.patchbay.");
                assertThat(event.path("formattedMessage").asString())
                        .isNotEmpty()
                        .doesNotContain("{}");
            });
        }
    }

    @Test
    void theLogForPeopleHasTimeAndLevelInEveryLine() throws Exception {
        try (PatchbayProcess daemon = run(config("a", "off"))) {
            daemon.awaitLog("serves 2 ports");
            assertThat(daemon.errors().lines())
                    .allMatch(line -> line.matches("\\d\\d:\\d\\d:\\d\\d\\.\\d{3} (ERROR|WARN |INFO ) .+"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"human", "json"})
    void aDaemonWithABadConfigurationSaysSoInItsLogAndExits(String format) throws Exception {
        try (PatchbayProcess daemon = run(config("a", "nowhere"), "--log-format", format)) {
            assertThat(daemon.awaitExit()).isEqualTo(6);
            assertThat(daemon.errors().lines())
                    .singleElement()
                    .asString()
                    .contains(".json:1:", "$.switch.metricsAddress", "nowhere");
            assertThat(daemon.errors().startsWith("{")).isEqualTo(format.equals("json"));
        }
    }

    @Test
    void aDaemonThatWasKilledIsFollowedByAnotherOnTheSameSockets() throws Exception {
        Path config = config("a", "off");
        try (PatchbayProcess killed = run(config)) {
            killed.awaitLog("serves 2 ports");
            killed.kill();
        }
        assertThat(left("a")).containsExactly("admin.sock", "vm0.sock", "vm1.sock");

        try (PatchbayProcess next = run(config)) {
            next.awaitLog("serves 2 ports");
        }
    }

    private void assertRefused(Path config, String why) {
        assertThatThrownBy(() -> Daemon.start(ConfigReader.ofInstalledKinds().read(config), Optional.empty())
                        .close())
                .isInstanceOf(DaemonException.class)
                .hasMessageContaining(why);
    }

    @Test
    void aTakenAddressForMetricsIsNamedAndNothingIsLeftBehind() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            String address = "127.0.0.1:" + taken.getLocalPort();

            assertRefused(config("a", address), "cannot listen on " + address + ": ");

            assertThat(left("a")).isEmpty();
        }
    }

    @Test
    void aTakenAdminSocketIsNamedAndNothingIsLeftBehind() throws Exception {
        Path config = config("a", "off");
        Path other = Files.writeString(
                directory.resolve("other.json"),
                Files.readString(config).replace("a/vm0", "b/vm0").replace("a/vm1", "b/vm1"));
        Files.createDirectories(directory.resolve("b"));
        try (Daemon _ = Daemon.start(ConfigReader.ofInstalledKinds().read(config), Optional.empty())) {
            assertRefused(
                    other,
                    "cannot listen on " + directory.resolve("a/admin.sock") + ": another process (pid "
                            + ProcessHandle.current().pid() + ") is listening there");

            assertThat(left("b")).isEmpty();
            assertThat(Console.run(
                                    "status",
                                    "--socket",
                                    directory.resolve("a/admin.sock").toString())
                            .exitCode())
                    .isZero();
        }
    }

    /** Two daemons on one raw socket double its frames, and a tap with several queues gives each a part. */
    @Test
    void aTakenAdminSocketIsFoundBeforeAPortIsOpened() throws Exception {
        Path config = config("a", "off");
        try (Daemon _ = Daemon.start(ConfigReader.ofInstalledKinds().read(config), Optional.empty())) {
            // Of its ports not one could be opened, either.
            assertRefused(config, "cannot listen on " + directory.resolve("a/admin.sock") + ": another process");
        }
    }

    @Test
    void aFileInPlaceOfTheAdminSocketIsNotTouched() throws Exception {
        Path config = config("a", "off");
        Files.writeString(directory.resolve("a/admin.sock"), "precious");

        assertRefused(config, "there is a file that is not a socket");

        assertThat(left("a")).containsExactly("admin.sock");
        assertThat(directory.resolve("a/admin.sock")).hasContent("precious");
    }

    @Test
    void aDirectoryThatIsNotThereIsNamed() throws Exception {
        Path config = config("a", "off");
        Files.writeString(config, Files.readString(config).replace("a/admin.sock", "nowhere/admin.sock"));

        assertRefused(config, "the directory " + directory.resolve("nowhere") + " does not exist");
        assertThat(left("a")).isEmpty();
    }

    @Test
    void aHostNameThatIsNotKnownIsNamed() throws Exception {
        assertRefused(
                config("a", "no-such-host.invalid:9466"), "no-such-host.invalid:9466: the host name is not known");
        assertThat(left("a")).isEmpty();
    }

    @Test
    void aProcessorThatIsNotThereIsNamedWithThoseThatAre() throws Exception {
        Path config = config("a", "off");
        Files.writeString(
                config,
                Files.readString(config)
                        .replace("{\"adminSocket\"", "{\"workers\": [{\"cpu\": 8191}], \"adminSocket\""));

        assertRefused(config, "worker 0 did not start: sched_setaffinity processor 8191 (this process may use 0");
        assertThat(left("a")).isEmpty();
    }
}
