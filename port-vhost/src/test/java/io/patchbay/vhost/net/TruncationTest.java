package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What becomes of a switch when a guest takes memory away while it is in use. The virtual machine treats a fault differently in interpreted code
 * and in that of either compiler, and would end the process at some kinds of access; so each gets a process of its own. With
 * {@code PATCHBAY_TRUNCATION_ROUNDS} it goes on for longer.
 */
class TruncationTest {

    @TempDir
    private Path directory;

    @ParameterizedTest(name = "S11: guest memory truncated under load, {0}")
    @DisplayName("S11 memfd semantics: guest memory truncated under load costs that port and nothing else")
    @CsvSource({
        "interpreter, -Xint, 60, false",
        "C1, -XX:TieredStopAtLevel=1, 60, false",
        "C2, -XX:-TieredCompilation, 150, false",
        "as delivered, -XX:+TieredCompilation, 150, false",
        "C2 and a worker that sleeps, -XX:-TieredCompilation, 150, true",
        "a worker that sleeps, -XX:+TieredCompilation, 150, true",
    })
    void onlyThePortWhoseMemoryWentAwayIsHarmed(String name, String compiler, int loadMillis, boolean sleepy)
            throws Exception {
        int rounds = Integer.parseInt(
                Optional.ofNullable(System.getenv("PATCHBAY_TRUNCATION_ROUNDS")).orElse("1"));
        Path output = directory.resolve("output");
        List<String> command = new ArrayList<>(List.of(
                ProcessHandle.current().info().command().orElseThrow(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-Xmx128m",
                "-XX:+UseCountedLoopSafepoints",
                "-XX:LoopStripMiningIter=1000",
                "-XX:ErrorFile=" + directory.resolve("hs_err"),
                compiler,
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                TruncationRun.class.getName(),
                String.valueOf(loadMillis),
                String.valueOf(rounds),
                "11",
                String.valueOf(sleepy)));
        Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
        try {
            boolean done = process.waitFor(60L + 60L * rounds, TimeUnit.SECONDS);
            String said = Files.readString(output);
            assertThat(done).as("it ends; it said:%n%s", said).isTrue();
            assertThat(said).contains("SURVIVED");
            assertThat(process.exitValue()).as(said).isZero();
        } finally {
            process.destroyForcibly();
        }
    }
}
