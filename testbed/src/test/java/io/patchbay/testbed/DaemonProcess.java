package io.patchbay.testbed;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** The daemon as a process of its own, in a directory of its own: it can be killed, and started again. */
final class DaemonProcess implements AutoCloseable {

    /** Stands for the daemon's own directory in a port's configuration. */
    static final String DIRECTORY = "%directory%";

    private final Path directory;
    private final Path log;
    private Process process;

    private DaemonProcess(Path directory) throws IOException {
        this.directory = directory;
        this.log = directory.resolve("daemon.log");
        this.process = launch();
    }

    /** @param ports as they stand in a configuration */
    static DaemonProcess start(List<String> ports) throws IOException {
        Path directory = Files.createTempDirectory("pbtd");
        String config =
                "{\"switch\":{\"adminSocket\":\"%s/admin.sock\",\"stateDirectory\":\"%s/state\",\"metricsAddress\":\"off\",\"warmUpMillis\":0},\"ports\":[%s]}"
                        .formatted(
                                directory, directory, String.join(",", ports).replace(DIRECTORY, directory.toString()));
        Files.writeString(directory.resolve("config.json"), config);
        return new DaemonProcess(directory);
    }

    private Process launch() throws IOException {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(List.of("--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmx256m", "-Xshare:auto"));
        command.add("-XX:-UsePerfData");
        String classes = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        command.addAll(List.of("-cp", classes, "io.patchbay.cli.Main", "run", "--config"));
        command.add(directory.resolve("config.json").toString());
        command.addAll(List.of("--log-level", System.getProperty("patchbay.log", "info")));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
    }

    boolean isAlive() {
        return process.isAlive();
    }

    /** Waits until the daemon serves its ports. */
    void awaitReady() throws IOException, InterruptedException {
        for (int tries = 0; tries < 1500 && process.isAlive() && !log().contains("admin API at"); tries++) {
            TimeUnit.MILLISECONDS.sleep(20);
        }
        if (!log().contains("admin API at")) {
            throw new AssertionError(log());
        }
    }

    Path path(String name) {
        return directory.resolve(name);
    }

    /** SIGKILL: nothing is tidied up. */
    void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    void startAgain() throws IOException {
        process = launch();
    }

    /** What the daemon's commands print, asked of this one. */
    String ask(String command) throws IOException, InterruptedException {
        String classes = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        Process asking = new ProcessBuilder(Stream.concat(
                                Stream.of(
                                        Path.of(System.getProperty("java.home"), "bin", "java")
                                                .toString(),
                                        "--enable-native-access=ALL-UNNAMED",
                                        "-cp",
                                        classes,
                                        "io.patchbay.cli.Main"),
                                Stream.concat(
                                        Stream.of(command.split(" ")),
                                        Stream.of("--socket", path("admin.sock").toString())))
                        .toList())
                .redirectErrorStream(true)
                .start();
        String printed = new String(asking.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        asking.waitFor();
        return printed;
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    @Override
    public void close() throws IOException, InterruptedException {
        process.destroy();
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
            kill();
        }
        try (Stream<Path> files = Files.walk(directory)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
