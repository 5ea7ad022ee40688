package io.patchbay.core.port;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.linux.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Uplinks hand the kernel pointers into guests' memory, the only way by which such a pointer leaves Java. The kernel must find by itself that a page
 * has gone; in a virtual machine of its own, since it would not fail but die.
 */
@Timeout(60)
class LostMemoryTest {

    @ParameterizedTest(name = "S11: frames written to an uplink from memory that goes away, {0}")
    @DisplayName("S11: frames written to an uplink from memory that goes away")
    @ValueSource(strings = {"-Xint", "-XX:TieredStopAtLevel=1", "-XX:-TieredCompilation"})
    void framesFromMemoryThatHasGoneAreCountedAndNothingElseHappens(String execution) throws Exception {
        Process child = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        execution,
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:-CreateCoredumpOnCrash",
                        "-XX:ErrorFile=/dev/null",
                        "-cp",
                        Stream.of(LostMemoryTest.class, UplinkTransmitter.class)
                                .map(type -> type.getProtectionDomain()
                                        .getCodeSource()
                                        .getLocation()
                                        .getPath())
                                .collect(Collectors.joining(":")),
                        Victim.class.getName())
                .redirectErrorStream(true)
                .start();
        String said = new String(child.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(child.waitFor(50, TimeUnit.SECONDS)).isTrue();
        assertThat(child.exitValue()).as(said).isZero();
        assertThat(said).contains("goes on");
    }

    /** Sends frames from memory that another thread takes away and gives back. */
    static final class Victim {

        private static final int BYTES = 64 << 10;
        private static final int FRAME = 1400;
        private static final int ENOUGH = 2000;

        private final Fd guest = SharedMemory.createMemfd("guest", BYTES);
        private final Fd uplink = SharedMemory.createMemfd("uplink", 0);
        private final MemorySegment memory = SharedMemory.map(guest, 0, BYTES, Arena.global());
        private final QueueCounters counters = new QueueCounters();

        private Victim() {}

        public static void main(String[] arguments) {
            new Victim().run();
        }

        private void run() {
            Thread.ofPlatform().daemon().start(() -> {
                while (true) {
                    FileCalls.truncate(guest, 0);
                    FileCalls.truncate(guest, BYTES);
                }
            });
            UplinkTransmitter transmitter = new UplinkTransmitter(this::write, counters);
            Burst burst = new Burst();
            int[] frames = new int[Burst.CAPACITY];
            while (sent() < ENOUGH || counters.dropped() < ENOUGH) {
                burst.clear();
                for (int i = 0; i < frames.length; i++) {
                    burst.addSegment(memory, (long) i * 1000, 700);
                    burst.addSegment(memory, (long) i * 900 + 100, FRAME - Burst.HEAD_BYTES - 700);
                    burst.endFrame(1, 2, FRAME);
                    frames[i] = i;
                }
                transmitter.transmit(burst, frames, frames.length);
            }
            System.out.println("goes on after " + sent() + " frames sent, "
                    + List.of(counters.dropped(DropReason.TRUNCATED), counters.dropped(DropReason.UPLINK_ERROR))
                    + " dropped");
        }

        private long sent() {
            return counters.get(QueueCounters.Count.FRAMES);
        }

        private int write(FrameBatch batch, int from) {
            FileCalls.truncate(uplink, 0);
            return FileCalls.writeEach(uplink.number(), batch, from, from + 1);
        }
    }
}
