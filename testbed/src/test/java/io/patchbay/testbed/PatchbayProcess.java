package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** The program as a process of its own, as an operator starts it. */
final class PatchbayProcess implements AutoCloseable {

    private static final int SECONDS = 30;

    private final Path output;
    private final Path errors;
    private final Process process;

    private PatchbayProcess(Path output, Path errors, Process process) {
        this.output = output;
        this.errors = errors;
        this.process = process;
    }

    static PatchbayProcess start(List<String> arguments) throws IOException {
        return start(List.of(), arguments);
    }

    static PatchbayProcess start(List<String> wrapper, List<String> arguments) throws IOException {
        return start(wrapper, arguments, Map.of());
    }

    /** @param wrapper a command that runs the command that follows it, in its own process */
    static PatchbayProcess start(List<String> wrapper, List<String> arguments, Map<String, String> environment)
            throws IOException {
        List<String> command = new ArrayList<>(wrapper);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "io.patchbay.cli.Main"));
        command.addAll(arguments);
        return start(command, environment);
    }

    /** Starts it by a command of another form. */
    static PatchbayProcess startCommand(List<String> command) throws IOException {
        return start(command, Map.of());
    }

    private static PatchbayProcess start(List<String> command, Map<String, String> environment) throws IOException {
        Path output = Files.createTempFile("patchbay", ".out");
        Path errors = Files.createTempFile("patchbay", ".err");
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectOutput(output.toFile()).redirectError(errors.toFile());
        builder.environment().putAll(environment);
        return new PatchbayProcess(output, errors, builder.start());
    }

    /** Waits until the log has a line with a text. */
    void awaitLog(String text) throws IOException, InterruptedException {
        for (int tries = 0; tries < SECONDS * 50 && process.isAlive() && !errors().contains(text); tries++) {
            Thread.sleep(20);
        }
        assertThat(errors()).contains(text);
    }

    long pid() {
        return process.pid();
    }

    /** Sends SIGTERM. */
    void terminate() {
        process.destroy();
    }

    /** Sends SIGKILL. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    int awaitExit() throws IOException, InterruptedException {
        assertThat(process.waitFor(SECONDS, TimeUnit.SECONDS)).as(errors()).isTrue();
        return process.exitValue();
    }

    String errors() throws IOException {
        return Files.readString(errors);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        kill();
        Files.delete(output);
        Files.delete(errors);
    }
}
