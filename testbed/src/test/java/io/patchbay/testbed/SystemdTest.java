package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemdTest {

    private static final Path UNIT = Path.of("..", "deploy", "systemd", "patchbay.service");

    @TempDir
    private Path directory;

    @Test
    void systemdFindsNothingWrongWithTheUnit() throws Exception {
        assertThat(verify(Files.readString(UNIT))).isEmpty();
    }

    @Test
    void systemdFindsAMisspeltKey() throws Exception {
        assertThat(verify(Files.readString(UNIT).replace("RestartSec=", "RestartSecs=")))
                .contains("RestartSecs");
    }

    @Test
    void theUnitStartsWhatTheReadmeInstalls() throws Exception {
        List<String> start = Files.readAllLines(UNIT).stream()
                .filter(line -> line.startsWith("ExecStart="))
                .toList();
        assertThat(start).singleElement().asString().startsWith("ExecStart=/usr/bin/patchbay run --config ");
        assertThat(Files.readString(Path.of("..", "README.md")))
                .contains(
                        "\ncp -r deploy/target/patchbay /opt/patchbay\n",
                        "\nln -s /opt/patchbay/bin/patchbay /usr/bin/patchbay\n",
                        "\ncp /opt/patchbay/systemd/patchbay.service /etc/systemd/system/patchbay.service\n");
    }

    /** What systemd has to say of a unit, given that the program it starts is there. */
    private String verify(String unit) throws Exception {
        Peers.needPrograms("systemd-analyze");
        Path copy = directory.resolve("patchbay.service");
        Files.writeString(copy, unit.replace("ExecStart=/usr/bin/patchbay ", "ExecStart=/bin/true "));
        return Shell.run("systemd-analyze verify --man=no " + copy);
    }
}
