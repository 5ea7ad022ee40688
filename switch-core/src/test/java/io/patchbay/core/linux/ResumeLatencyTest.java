package io.patchbay.core.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is written. That the kernel takes it for what it is meant to be, ResumeLatencyIT shows. */
class ResumeLatencyTest {

    @TempDir
    private Path directory;

    @Test
    void fourBytesInTheOrderOfTheMachineAreWritten() throws Exception {
        Path device = Files.createFile(directory.resolve("device"));

        ResumeLatency.request(device.toString(), 20).close();

        ByteBuffer written = ByteBuffer.wrap(Files.readAllBytes(device)).order(ByteOrder.nativeOrder());
        assertThat(written.capacity()).isEqualTo(Integer.BYTES);
        assertThat(written.getInt()).isEqualTo(20);
    }

    @Test
    void aDeviceThatIsNotThereIsNamed() {
        String missing = directory.resolve("device").toString();

        assertThatThrownBy(() -> ResumeLatency.request(missing, 20))
                .isInstanceOf(LinuxException.class)
                .hasMessage("open " + missing + ": no such file or directory (ENOENT)");
    }

    @Test
    void whatCannotBeWrittenIsAnErrorAndNothingStaysOpen() throws Exception {
        long before = openFiles();

        assertThatThrownBy(() -> ResumeLatency.request("/dev/full", 20)).hasMessageStartingWith("write /dev/full: ");

        assertThat(openFiles()).isEqualTo(before);
    }

    private static long openFiles() throws Exception {
        try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
            return files.filter(ResumeLatencyTest::isOfTheFullDevice).count();
        }
    }

    private static boolean isOfTheFullDevice(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).equals(Path.of("/dev/full"));
        } catch (IOException _) {
            return false; // closed meanwhile
        }
    }
}
