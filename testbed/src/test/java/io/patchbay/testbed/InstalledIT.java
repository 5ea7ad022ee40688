package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@code mvn package} leaves, installed as the README says, but in a directory of the test's, and started as a service manager does. */
class InstalledIT {

    private static final Path DISTRIBUTION = Path.of("..", "deploy", "target", "patchbay");

    @TempDir
    private Path root;

    private Path link;

    @BeforeEach
    void install() throws Exception {
        Peers.need(Files.exists(DISTRIBUTION.resolve("bin/patchbay")), "the distribution is not built (mvn package)");
        Files.createDirectories(root.resolve("opt"));
        Files.createDirectories(root.resolve("usr/bin"));
        Shell.run("cp -r " + DISTRIBUTION + " " + root.resolve("opt/patchbay"));
        link = Files.createSymbolicLink(root.resolve("usr/bin/patchbay"), root.resolve("opt/patchbay/bin/patchbay"));
    }

    /** Starts a command elsewhere, with nothing in the environment but where Java is. */
    private PatchbayProcess start(String... arguments) throws IOException {
        return PatchbayProcess.startCommand(Stream.concat(
                        Stream.of(
                                "env",
                                "-i",
                                "-C",
                                "/",
                                "PATCHBAY_JAVA_HOME=" + System.getProperty("java.home"),
                                link.toString()),
                        Stream.of(arguments))
                .toList());
    }

    @Test
    void theDaemonRunsAndEndsInOrderOnSigterm() throws Exception {
        Path config = Files.writeString(root.resolve("patchbay.json"), OperatedSwitch.config(root, "off"));

        try (PatchbayProcess daemon = start("run", "--config", config.toString())) {
            daemon.awaitLog("serves 2 ports");
            daemon.terminate();
            assertThat(daemon.awaitExit()).as(daemon.errors()).isZero();
            assertThat(daemon.errors()).contains("stopping");
        }
    }

    @Test
    void aHangUpIsNotTheEndOfTheDaemon() throws Exception {
        Path config = Files.writeString(root.resolve("patchbay.json"), OperatedSwitch.config(root, "off"));

        try (PatchbayProcess daemon = start("run", "--config", config.toString())) {
            daemon.awaitLog("serves 2 ports");
            String ignored = Shell.run("sed -n 's/^SigIgn:[[:space:]]*//p' /proc/" + daemon.pid() + "/status");
            long hangUp = 1; // bit of signal 1
            assertThat(Long.parseUnsignedLong(ignored.strip(), 16) & hangUp).isEqualTo(hangUp);
        }
    }

    /** In an environment without a locale, as a service's often is. */
    @Test
    void aSocketMayHaveANameInAnyLanguage() throws Exception {
        Path file = Files.writeString(root.resolve("named.json"), """
                {"ports": [{"name": "vm1", "type": "vhost-user", "socket": "/run/patchbay/größe-机.sock"}]}
                """);
        try (PatchbayProcess check = start("config", "check", file.toString())) {
            assertThat(check.awaitExit()).as(check.errors()).isZero();
        }
    }

    @Test
    void theExamplesAreInstalledAndGood() throws Exception {
        Path example = root.resolve("opt/patchbay/examples/smallest.json");

        try (PatchbayProcess check = start("config", "check", example.toString())) {
            assertThat(check.awaitExit()).as(check.errors()).isZero();
        }
    }

    @Test
    void everyLibraryIsThereInOneVersion() throws Exception {
        try (Stream<Path> jars = Files.list(root.resolve("opt/patchbay/lib"))) {
            List<String> names = jars.map(jar -> jar.getFileName().toString())
                    .map(name -> name.replaceFirst("-\\d[^-]*", ""))
                    .toList();
            assertThat(names).contains("cli", "switch-core").doesNotHaveDuplicates();
        }
    }
}
