package io.patchbay.vhost.memory;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.AtomicBits;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.wire.LogDescription;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The proof that logging survives a front end that shrinks the log's file at any moment: in a virtual machine of its own, since it would not
 * fail but die, and in every manner of execution, since they differ.
 */
@Timeout(60)
class TruncatedLogTest {

    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:-TieredCompilation"})
    void loggingGoesOnWhileTheFileOfTheLogShrinksAndGrows(String execution) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                execution,
                "--enable-native-access=ALL-UNNAMED",
                "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=/dev/null",
                "-cp",
                Stream.of(TruncatedLogTest.class, DirtyLog.class, AtomicBits.class)
                        .map(TruncatedLogTest::place)
                        .distinct()
                        .collect(Collectors.joining(":")),
                Victim.class.getName()));
        Process child = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor(50, TimeUnit.SECONDS)).isTrue();
        assertThat(child.exitValue()).as(said).isZero();
        assertThat(said).contains("goes on");
    }

    private static String place(Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    /** Logs for a while, and until many attempts have failed, while another thread takes the log away and gives it back. */
    static final class Victim {

        private static final int LOG_BYTES = 4096;
        private static final long PAGES = LOG_BYTES * 8L;
        private static final int ENOUGH_FAILURES = 200;
        private static final long LOGGING_NANOS = 1_000_000_000L;

        private Victim() {}

        public static void main(String[] arguments) throws InvalidMemoryException {
            Fd file = SharedMemory.createMemfd("log", LOG_BYTES);
            Fd mine = FileCalls.open("/proc/self/fd/" + file.number(), FileCalls.O_RDWR);
            DirtyLog log = DirtyLog.map(new LogDescription(LOG_BYTES, 0), file);
            Thread.ofPlatform().daemon().start(() -> {
                while (true) {
                    FileCalls.truncate(mine, 0);
                    FileCalls.truncate(mine, LOG_BYTES);
                }
            });
            Random random = new Random(1);
            DirtyPages dirty = new DirtyPages(log, Optional.empty());
            long end = System.nanoTime() + LOGGING_NANOS;
            int failures = 0;
            while (failures < ENOUGH_FAILURES || System.nanoTime() < end) {
                try {
                    dirty.add(random.nextLong(PAGES) << DirtyLog.PAGE_SHIFT, 1);
                    dirty.flush();
                } catch (InternalError | IllegalStateException e) {
                    failures++; // of the read, or of the system call
                    dirty = new DirtyPages(log, Optional.empty());
                }
            }
            System.out.println("goes on after " + failures + " failures");
        }
    }
}
