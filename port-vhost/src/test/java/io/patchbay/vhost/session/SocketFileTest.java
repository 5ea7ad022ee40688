package io.patchbay.vhost.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocketFileTest {

    private static final SocketFile.Access ACCESS = ServerFixture.ACCESS;

    @TempDir
    private Path directory;

    private Path path;
    private long descriptorsBefore;

    @BeforeEach
    void choosePath() {
        path = directory.resolve("vm.sock");
        descriptorsBefore = OpenDescriptors.count();
    }

    @AfterEach
    void nothingIsLeftOpen() {
        OpenDescriptors.awaitCount(descriptorsBefore);
    }

    private static int mode(Path path) throws IOException {
        return (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 07777;
    }

    @ParameterizedTest
    @ValueSource(ints = {0600, 0660, 0666, 0777, 0400, 0})
    void theFileHasExactlyTheConfiguredMode(int mode) throws IOException {
        try (SocketFile _ = SocketFile.listen(path, new SocketFile.Access(mode, Optional.empty(), Optional.empty()))) {
            assertThat(mode(path)).isEqualTo(mode);
        }
    }

    @Test
    void theFileIsGivenToOwnerAndGroup() throws IOException {
        int uid = (int) Files.getAttribute(directory, "unix:uid");
        int gid = (int) Files.getAttribute(directory, "unix:gid");
        try (SocketFile _ = SocketFile.listen(path, new SocketFile.Access(0660, Optional.of(uid), Optional.of(gid)))) {
            assertThat(Files.getAttribute(path, "unix:uid")).isEqualTo(uid);
            assertThat(Files.getAttribute(path, "unix:gid")).isEqualTo(gid);
        }
    }

    @Test
    void closingRemovesTheFile() throws IOException {
        SocketFile.listen(path, ACCESS).close();

        assertThat(path).doesNotExist();
    }

    @Test
    void aFileLeftBehindIsReplaced() throws IOException {
        UnixSocket.listen(path.toString(), 1).close();
        assertThat(path).exists();

        try (SocketFile file = SocketFile.listen(path, ACCESS);
                UnixSocket _ = UnixSocket.connect(path.toString())) {
            UnixSocket accepted = file.accept().orElseThrow();
            accepted.close();
        }
    }

    @Test
    void aSocketSomebodyListensOnIsRefusedAndUntouched() throws IOException {
        try (SocketFile _ = SocketFile.listen(path, ACCESS)) {
            assertThatThrownBy(() -> SocketFile.listen(path, ACCESS))
                    .isInstanceOf(IOException.class)
                    .hasMessage("cannot listen on " + path + ": another process (pid "
                            + ProcessHandle.current().pid() + ") is listening there");
            UnixSocket.connect(path.toString()).close();
        }
    }

    @Test
    void aSocketWhoseListenerHasNoTimeIsRefusedToo() {
        try (UnixSocket _ = UnixSocket.listen(path.toString(), 0);
                UnixSocket _ = UnixSocket.connect(path.toString())) {
            assertThatThrownBy(() -> SocketFile.listen(path, ACCESS))
                    .isInstanceOf(IOException.class)
                    .hasMessageContaining("another process is listening there");
            assertThat(path).exists();
        }
    }

    @Test
    void aFileOfAnotherKindIsRefusedAndUntouched() throws IOException {
        Files.writeString(path, "precious");

        assertThatThrownBy(() -> SocketFile.listen(path, ACCESS))
                .isInstanceOf(IOException.class)
                .hasMessage("cannot listen on " + path + ": there is a file that is not a socket");
        assertThat(path).hasContent("precious");
    }

    @Test
    void aLinkIsNotFollowed() throws IOException {
        Path elsewhere = directory.resolve("elsewhere.sock");
        UnixSocket.listen(elsewhere.toString(), 1).close();
        Files.createSymbolicLink(path, elsewhere);

        assertThatThrownBy(() -> SocketFile.listen(path, ACCESS))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("not a socket");
        assertThat(elsewhere).exists();
    }

    @Test
    void aMissingDirectoryIsNamed() {
        Path lost = directory.resolve("missing/vm.sock");

        assertThatThrownBy(() -> SocketFile.listen(lost, ACCESS))
                .isInstanceOf(IOException.class)
                .hasMessage("cannot listen on " + lost + ": the directory " + lost.getParent() + " does not exist");
    }

    @Test
    void aPathOf107BytesWorksAndOneOf108IsRefused() throws IOException {
        int room = 107 - directory.toString().length() - 1;
        Path longest = directory.resolve("s".repeat(room));
        Path tooLong = directory.resolve("s".repeat(room + 1));

        SocketFile.listen(longest, ACCESS).close();
        assertThatThrownBy(() -> SocketFile.listen(tooLong, ACCESS))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("108 bytes")
                .hasMessageContaining("107");
    }

    @Test
    void aFileThatHasBecomeSomebodyElsesStays() throws IOException {
        SocketFile ours = SocketFile.listen(path, ACCESS);
        Files.delete(path);
        try (SocketFile _ = SocketFile.listen(path, ACCESS)) {
            ours.close();

            UnixSocket.connect(path.toString()).close();
        }
    }

    @Test
    void closingTwiceDoesNotTouchASuccessor() throws IOException {
        SocketFile ours = SocketFile.listen(path, ACCESS);
        ours.close();
        try (SocketFile _ = SocketFile.listen(path, ACCESS)) {
            ours.close();

            assertThat(path).exists();
        }
    }
}
