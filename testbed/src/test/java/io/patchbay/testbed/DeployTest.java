package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.control.config.ConfigReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DeployTest {

    private static final Path DEPLOY = Path.of("..", "deploy");

    static List<Path> examples() throws IOException {
        try (Stream<Path> files = Files.list(DEPLOY.resolve("examples"))) {
            return files.sorted().toList();
        }
    }

    @ParameterizedTest
    @MethodSource("examples")
    void everyExampleIsAConfigurationThatCanBeRun(Path example) throws Exception {
        assertThat(ConfigReader.ofInstalledKinds().read(example).ports()).isNotEmpty();
    }

    @Test
    void theUnitNotifiesAndKeepsTheSocketsOverARestart() throws IOException {
        assertThat(Files.readAllLines(DEPLOY.resolve("systemd/patchbay.service")))
                .contains("Type=notify", "RuntimeDirectoryPreserve=restart");
    }

    @Test
    void theUnitGrantsWhatUplinksTakeAndNoMore() throws IOException {
        assertThat(Files.readAllLines(DEPLOY.resolve("systemd/patchbay.service")))
                .contains(
                        "CapabilityBoundingSet=CAP_NET_ADMIN CAP_NET_RAW CAP_CHOWN",
                        "AmbientCapabilities=CAP_NET_ADMIN CAP_NET_RAW");
    }

    @Test
    void theUnitIsRestartedUnlessThatCannotHelp() throws IOException {
        assertThat(Files.readAllLines(DEPLOY.resolve("systemd/patchbay.service")))
                .contains("Restart=on-failure", "RestartPreventExitStatus=2 6");
    }

    @Test
    void theMemoryOfGuestsDoesNotCountAgainstALimitOfTheUnit() throws IOException {
        assertThat(Files.readAllLines(DEPLOY.resolve("systemd/patchbay.service")))
                .noneMatch(line -> line.startsWith("Memory"));
    }
}
