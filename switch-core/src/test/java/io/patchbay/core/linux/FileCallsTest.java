package io.patchbay.core.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileCallsTest {

    @Test
    void aFileThatDoesNotExistIsRefusedWithCallNameAndErrno() {
        LinuxException e =
                catchThrowableOfType(LinuxException.class, () -> FileCalls.open("/no/such/file", FileCalls.O_RDWR));
        assertThat(e.call()).isEqualTo("open");
        assertThat(e.errno()).isEqualTo(Errno.ENOENT);
        assertThat(e).hasMessage("open /no/such/file: no such file or directory (ENOENT)");
    }

    @Test
    void anErrorNumberWithoutWordsIsStillNamed() {
        assertThat(new LinuxException("call", "", 4000)).hasMessage("call: error 4000");
    }

    @Test
    void framesAreWrittenAndReadThroughVectors(@TempDir Path directory) throws Exception {
        Path path = Files.createFile(directory.resolve("f"));
        try (Fd fd = FileCalls.open(path.toString(), FileCalls.O_RDWR);
                Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, "abcdefgh".getBytes());
            IoVector vector = new IoVector(2);
            vector.set(0, memory, 6, 2);
            vector.set(1, memory, 0, 3);
            assertThat(FileCalls.writev(fd.number(), vector, 0, 2)).isEqualTo(5);
            assertThat(Files.readString(path)).isEqualTo("ghabc");
            assertThat(FileCalls.size(fd)).isEqualTo(5);
        }
    }

    @Test
    void callsForFramesReturnTheErrorInsteadOfThrowing(@TempDir Path directory) throws Exception {
        Path path = Files.createFile(directory.resolve("f"));
        Fd closed = FileCalls.open(path.toString(), FileCalls.O_RDWR);
        int number = closed.number();
        closed.close();
        IoVector vector = new IoVector(1);
        vector.set(0, Arena.ofAuto().allocate(8), 0, 8);
        assertThat(FileCalls.writev(number, vector, 0, 1)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void framesOfABatchAreWrittenUntilOneIsNotTakenWhole() throws Exception {
        MemorySegment memory = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, "abcdefgh".getBytes());
        FrameBatch batch = new FrameBatch();
        for (int i = 0; i < 3; i++) {
            batch.add(memory, 2 * i, 2);
            batch.end(i < 2 ? 2 : 3); // of the last there is less than it says
        }
        try (Fd fd = SharedMemory.createMemfd("frames", 0)) {
            assertThat(FileCalls.writeEach(fd.number(), batch, 0, 2)).isEqualTo(2);
            assertThat(FileCalls.writeEach(fd.number(), batch, 1, 3)).isOne();
            assertThat(FileCalls.writeEach(fd.number(), batch, 2, 3)).isEqualTo(FrameBatch.SHORT_WRITE);
            assertThat(Files.readString(Path.of("/proc/self/fd/" + fd.number())))
                    .isEqualTo("abcdcdefef");
        }
        assertThat(FileCalls.writeEach(-1, batch, 0, 3)).isEqualTo(-Errno.EBADF);
    }

    @Test
    void anEntryOutsideItsMemoryIsRefused() {
        MemorySegment memory = Arena.ofAuto().allocate(8);
        IoVector vector = new IoVector(1);
        assertThatThrownBy(() -> vector.set(0, memory, 1, 8)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> vector.set(0, memory, -1, 2)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> vector.set(0, memory, Long.MAX_VALUE, 2))
                .isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void aDescriptorIsClosedOnce() {
        Fd fd = SharedMemory.createMemfd("x", 1);
        fd.close();
        fd.close();
        assertThat(fd.isOpen()).isFalse();
        assertThatThrownBy(fd::number).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aDescriptorSaysWhatItIs() {
        try (EventFd bell = EventFd.create()) {
            assertThat(FileCalls.describe(bell.descriptor())).isEqualTo("anon_inode:[eventfd]");
        }
    }
}
