package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The virtual machine takes a method that does not exist without a word: those named in its options must be there. */
class JvmOptionsTest {

    private static final Pattern COMMAND = Pattern.compile("-XX:CompileCommand=(?:dont)?inline,(.+)");

    static Stream<String> methods() throws Exception {
        return Files.readAllLines(Path.of("..", "deploy", "jvm-options")).stream()
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
}
