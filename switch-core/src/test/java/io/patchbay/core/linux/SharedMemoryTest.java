package io.patchbay.core.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class SharedMemoryTest {

    private static final int PAGE = 4096;

    @Test
    void twoMappingsOfAFileAreTheSameMemory() {
        try (Fd fd = SharedMemory.createMemfd("shared", 2 * PAGE);
                Arena arena = Arena.ofConfined()) {
            MemorySegment whole = SharedMemory.map(fd, 0, 2 * PAGE, arena);
            MemorySegment second = SharedMemory.map(fd, PAGE, 100, arena);
            whole.set(ValueLayout.JAVA_INT, PAGE + 4, 42);
            assertThat(second.get(ValueLayout.JAVA_INT, 4)).isEqualTo(42);
            assertThat(second.byteSize()).isEqualTo(100);
            assertThatThrownBy(() -> second.get(ValueLayout.JAVA_BYTE, 100))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void closingTheArenaUnmaps() throws IOException {
        try (Fd fd = SharedMemory.createMemfd("goes-away", PAGE)) {
            try (Arena arena = Arena.ofConfined()) {
                SharedMemory.map(fd, 0, PAGE, arena);
                assertThat(Files.readString(Path.of("/proc/self/maps"))).contains("goes-away");
            }
            assertThat(Files.readString(Path.of("/proc/self/maps"))).doesNotContain("goes-away");
        }
    }

    @Test
    void aSealedFileCannotShrink() {
        try (Fd fd = SharedMemory.createMemfd("sealed", 2 * PAGE)) {
            assertThat(FileCalls.isSealedAgainstShrinking(fd)).isFalse();
            FileCalls.addSeals(fd, FileCalls.F_SEAL_SHRINK);
            assertThat(FileCalls.isSealedAgainstShrinking(fd)).isTrue();
            LinuxException e = catchThrowableOfType(LinuxException.class, () -> FileCalls.truncate(fd, PAGE));
            assertThat(e.call()).isEqualTo("ftruncate");
            assertThat(e.errno()).isEqualTo(Errno.EPERM);
        }
    }

    @Test
    void whatCannotBeMappedIsRefusedWithCallNameAndErrno() {
        try (EventFd bell = EventFd.create();
                Arena arena = Arena.ofConfined()) {
            LinuxException e = catchThrowableOfType(
                    LinuxException.class, () -> SharedMemory.map(bell.descriptor(), 0, PAGE, arena));
            assertThat(e.call()).isEqualTo("mmap");
            assertThat(e.errno()).isEqualTo(Errno.ENODEV);
        }
    }
}
