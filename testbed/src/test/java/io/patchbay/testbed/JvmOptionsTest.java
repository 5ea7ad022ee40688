package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.reflect.Method;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What the options of the virtual machine promise. It takes a method that does not exist without a word: those named must be there.
 */
class JvmOptionsTest {

    private static final Path OPTIONS = Path.of("..", "deploy", "jvm-options");
    private static final Pattern COMMAND = Pattern.compile("-XX:CompileCommand=(?:dont)?inline,(.+)");

    static Stream<String> methods() throws Exception {
        return Files.readAllLines(OPTIONS).stream()
                .map(COMMAND::matcher)
                .filter(Matcher::matches)
                .map(line -> line.group(1));
    }

    @ParameterizedTest
    @MethodSource("methods")
    void aMethodThatTheCompilerIsToldOfExists(String name) throws Exception {
        String[] parts = name.split("::", -1);
        Class<?> type = Class.forName(parts[0], false, getClass().getClassLoader());
        assertThat(type.getDeclaredMethods()).extracting(Method::getName).contains(parts[1]);
    }

    /** Takes what memory there is, of the kind asked for, and survives if it can. */
    static final class Glutton {

        private Glutton() {}

        public static void main(String[] kind) {
            List<Object> taken = new ArrayList<>();
            try {
                for (int mebibytes = 0; mebibytes < 4096; mebibytes++) {
                    taken.add(kind[0].equals("direct") ? ByteBuffer.allocateDirect(1 << 20) : new byte[1 << 20]);
                }
            } catch (OutOfMemoryError e) {
                System.out.println(taken.size());
            }
        }
    }

    private static Process eat(String kind) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "@" + OPTIONS,
                        "-Xmx160m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Glutton.class.getName(),
                        kind)
                .start();
    }

    @Test
    void aProcessThatRunsOutOfMemoryEndsInsteadOfGoingOnWithoutAThread() throws Exception {
        Process process = eat("heap");

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(3);
    }

    @Test
    void whatNettyMaySendAtOnceIsLimited() throws Exception {
        Process process = eat("direct");

        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.inputReader().readLine()).isEqualTo("64");
    }
}
