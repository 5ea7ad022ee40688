package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The checkout's {@code patchbay}, in a checkout of which the sources are one file, with a Maven and a distribution that only say what they do. */
class LauncherTest {

    /** Notes that it was called, and makes a distribution anew. */
    private static final String MAVEN = """
            #!/bin/sh
            echo built >> "$CHECKOUT/builds"
            rm -rf deploy/target/patchbay
            mkdir -p deploy/target/patchbay/bin
            cp "$CHECKOUT/distributed" deploy/target/patchbay/bin/patchbay
            """;

    /** Says where it is, and runs until its input ends. */
    private static final String DISTRIBUTED = """
            #!/bin/sh
            dirname "$(dirname "$0")"
            exec cat
            """;

    @TempDir
    private Path checkout;

    private Path source;

    @BeforeEach
    void makeCheckout() throws Exception {
        Path real = Path.of("..");
        Files.createDirectories(checkout.resolve("deploy/bin"));
        for (String file : List.of("patchbay", "deploy/bin/find-java")) {
            Files.copy(real.resolve(file), checkout.resolve(file), StandardCopyOption.COPY_ATTRIBUTES);
        }
        source = Files.writeString(checkout.resolve("Switch.java"), "class Switch {}");
        program(Files.createDirectory(checkout.resolve("path")).resolve("mvn"), MAVEN);
        program(checkout.resolve("distributed"), DISTRIBUTED);
    }

    private static void program(Path file, String text) throws IOException {
        assertThat(Files.writeString(file, text).toFile().setExecutable(true)).isTrue();
    }

    /** A command that was started, and the directory that it runs from. */
    private record Started(Process process, Path directory) implements AutoCloseable {

        /** Ends it by ending its input. */
        void end() throws Exception {
            process.getOutputStream().close();
            assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(process.exitValue()).isZero();
        }

        @Override
        public void close() {
            process.destroyForcibly();
        }
    }

    private Started start(String command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(checkout.resolve("patchbay").toString(), command)
                .redirectError(ProcessBuilder.Redirect.appendTo(
                        checkout.resolve("errors").toFile()));
        builder.environment().put("PATH", checkout.resolve("path") + ":" + System.getenv("PATH"));
        builder.environment().put("CHECKOUT", checkout.toString());
        builder.environment().put("PATCHBAY_JAVA_HOME", System.getProperty("java.home"));
        Process process = builder.start();
        BufferedReader out = process.inputReader(StandardCharsets.UTF_8);
        String line = out.readLine();
        return new Started(process, Path.of(line == null ? "nothing was started" : line));
    }

    private Path run(String command) throws Exception {
        try (Started started = start(command)) {
            started.end();
            return started.directory();
        }
    }

    private long builds() throws IOException {
        return Files.readAllLines(checkout.resolve("builds")).size();
    }

    private void changeSource() throws IOException {
        Files.writeString(source, "class Switch { int port; }");
    }

    @ParameterizedTest
    @ValueSource(strings = {"status", "run"})
    void whatWasNeverBuiltIsBuiltOnceForAnyCommand(String command) throws Exception {
        run(command);
        run(command);

        assertThat(builds()).isEqualTo(1);
    }

    @ParameterizedTest
    @CsvSource({"run, 2", "demo, 2", "bench, 2", "status, 1", "port, 1", "--version, 1"})
    void onlyWhatServesFramesIsBuiltAgainWhenSourcesChange(String command, int builds) throws Exception {
        run("status");
        changeSource();

        run(command);

        assertThat(builds()).isEqualTo(builds);
    }

    @Test
    void aBuildLeavesWhatARunningDaemonReadsAndRemovesItOnceItHasEnded() throws Exception {
        try (Started daemon = start("run")) {
            Path jar = Files.writeString(daemon.directory().resolve("a.jar"), "opened when a class is needed");

            changeSource();
            Path second = run("run");
            assertThat(second).isNotEqualTo(daemon.directory());
            assertThat(jar).hasContent("opened when a class is needed");

            changeSource();
            Path third = run("run");
            assertThat(jar).exists();
            assertThat(second).doesNotExist();

            daemon.end();
            changeSource();
            run("run");
            assertThat(daemon.directory()).doesNotExist();
            assertThat(third).doesNotExist();
        }
    }

    @Test
    void aDaemonDoesNotReadWhatMavenWrites() throws Exception {
        try (Started daemon = start("run")) {
            assertThat(daemon.directory()).exists().isNotEqualTo(checkout.resolve("deploy/target/patchbay"));
        }
    }

    @Test
    void aBuildThatFailsLeavesTheOneBeforeInItsPlace() throws Exception {
        Path before = run("run");
        changeSource();
        program(checkout.resolve("path/mvn"), "#!/bin/sh\nexit 1\n");

        try (Started refused = start("run")) {
            assertThat(refused.process().waitFor(20, TimeUnit.SECONDS)).isTrue();
            assertThat(refused.process().exitValue()).isEqualTo(1);
        }
        assertThat(run("status")).isEqualTo(before);
    }
}
