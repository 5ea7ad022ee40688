package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.control.config.ConfigException;
import io.patchbay.core.control.config.ConfigProblem;
import io.patchbay.core.control.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The page on the configuration has every key that is accepted, and no other. What is accepted, the program says when asked for a key it does not know. */
class ConfigurationPageTest {

    private static final Path PAGE = Path.of("..", "deploy", "configuration.md");
    private static final Pattern ROW = Pattern.compile("^\\| `([^`]+)` \\|.*");

    /** The first words of the rows below a heading. */
    private static Set<String> documented(String heading) throws Exception {
        Set<String> keys = new TreeSet<>();
        boolean here = false;
        for (String line : Files.readAllLines(PAGE)) {
            if (line.startsWith("## ")) {
                here = line.equals("## " + heading);
            }
            Matcher row = ROW.matcher(line);
            if (here && row.matches()) {
                assertThat(keys.add(row.group(1))).as(line).isTrue();
            }
        }
        return keys;
    }

    private static Set<String> accepted(String configuration) {
        Set<String> keys = new TreeSet<>();
        try {
            ConfigReader.ofInstalledKinds().parse(configuration, "a test");
        } catch (ConfigException e) {
            for (ConfigProblem problem : e.problems()) {
                if (problem.what().equals("unknown key \"?\"")) {
                    keys.addAll(Arrays.asList(
                            problem.why().replaceFirst("^allowed: ", "").split(", ")));
                }
            }
        }
        assertThat(keys)
                .as("what is said of an unknown key in %s", configuration)
                .isNotEmpty();
        return keys;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "switch                | {'switch': {'?': 1}, 'ports': []}",
                "switch.workers[]      | {'switch': {'workers': [{'?': 1}]}, 'ports': []}",
                "vhost-user.features   | {'ports': [{'name': 'p', 'type': 'vhost-user', 'socket': '/s', 'features': {'disable': [], '?': 1}}]}",
            })
    void everyKeyOfAnObjectIsDocumentedAndNoOther(String heading, String configuration) throws Exception {
        assertThat(documented(heading)).isEqualTo(accepted(configuration.replace('\'', '"')));
    }

    /** An object that lacks a key it must have is looked at no further; so each has those. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "vhost-user    | 'socket': '/s'",
                "tap           | 'device': 'd'",
                "macvtap       | 'interface': 'i'",
                "raw-socket    | 'interface': 'i'",
                "active-backup | 'members': ['a', 'b']",
            })
    void everyKeyOfAPortIsDocumentedAndNoOther(String type, String necessary) throws Exception {
        Set<String> keys = documented(type);
        assertThat(keys.addAll(documented("every port"))).isTrue();
        assertThat(keys)
                .isEqualTo(accepted("{\"ports\": [{\"name\": \"p\", \"type\": \"" + type + "\", "
                        + necessary.replace('\'', '"') + ", \"?\": 1}]}"));
    }

    @Test
    void everyTypeOfPortHasASection() throws Exception {
        List<String> types = new ArrayList<>();
        try {
            ConfigReader.ofInstalledKinds().parse("{\"ports\": [{\"name\": \"p\", \"type\": \"?\"}]}", "a test");
        } catch (ConfigException e) {
            types.addAll(Arrays.asList(e.problems()
                    .getFirst()
                    .why()
                    .replaceFirst("^.*allowed: ", "")
                    .split(", ")));
        }
        assertThat(types).contains("tap");
        for (String type : types) {
            assertThat(documented(type)).as(type).isNotEmpty();
        }
    }
}
