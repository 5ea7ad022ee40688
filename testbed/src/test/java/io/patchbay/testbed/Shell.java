package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

/** Runs commands of the machine, for at most a minute. */
final class Shell {

    private Shell() {}

    /** Runs a command line, which must succeed, and gives what it printed. */
    static String run(String command) throws IOException, InterruptedException {
        Path output = Files.createTempFile("patchbay-shell", ".log");
        try {
            Process process = new ProcessBuilder("bash", "-c", command)
                    .redirectErrorStream(true)
                    .redirectOutput(output.toFile())
                    .start();
            if (!process.waitFor(60, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
            String printed = Files.readString(output, StandardCharsets.UTF_8);
            assertThat(process.waitFor()).as("%s%n%s", command, printed).isZero();
            return printed;
        } finally {
            Files.delete(output);
        }
    }
}
