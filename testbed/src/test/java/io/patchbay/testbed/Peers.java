package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Assumptions;

/** What the machine must have for a test against software of others. Without it the test is skipped and says why, or fails if peers are required. */
final class Peers {

    private static final boolean REQUIRED = "1".equals(System.getenv("PATCHBAY_REQUIRE_PEERS"));

    private Peers() {}

    static void needPrograms(String... programs) {
        for (String program : programs) {
            need(isOnPath(program), "the program " + program + " is not installed");
        }
    }

    static void needPython(String python, String module) throws Exception {
        boolean there = Files.isExecutable(Path.of(python))
                && new ProcessBuilder(python, "-c", "import " + module).start().waitFor() == 0;
        need(there, python + " has no module " + module);
    }

    static void needRoot() {
        need("root".equals(System.getProperty("user.name")), "this needs root");
    }

    static void needDevice(String path) {
        need(opens(path), path + " is not there, or not for this process");
    }

    private static boolean opens(String path) {
        try {
            FileChannel.open(Path.of(path), StandardOpenOption.READ, StandardOpenOption.WRITE)
                    .close();
            return true;
        } catch (IOException _) {
            return false;
        }
    }

    static void needHugePages(int pages) throws Exception {
        int free = Files.readAllLines(Path.of("/proc/meminfo")).stream()
                .filter(line -> line.startsWith("HugePages_Free:"))
                .mapToInt(line -> Integer.parseInt(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
        need(free >= pages, "the peer needs " + pages + " free huge pages, there are " + free);
    }

    static void need(boolean there, String why) {
        if (!there && REQUIRED) {
            fail(why + ", and PATCHBAY_REQUIRE_PEERS is set");
        }
        Assumptions.assumeTrue(there, why);
    }

    private static boolean isOnPath(String program) {
        return Arrays.stream((System.getenv("PATH") + ":/usr/sbin:/sbin").split(":"))
                .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
    }
}
