package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.StaleSocket;
import io.patchbay.core.linux.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Socket files that were given to another user, who alone may connect, as a daemon finds them that has no power over files of others. */
class StaleSocketTest {

    @TempDir
    private Path directory;

    private Path giveAway(Path socket) throws IOException {
        Files.setAttribute(socket, "unix:mode", 0600);
        Files.setAttribute(socket, "unix:uid", 65534);
        return socket;
    }

    private static void removeWithoutPowerOverFiles(Path socket) throws Exception {
        Unprivileged.call(() -> {
            StaleSocket.remove(socket);
            return socket;
        });
    }

    @Test
    void aFileThatItsListenerLeftBehindIsRemoved() throws Exception {
        Peers.needRoot();
        Path socket = directory.resolve("vm.sock");
        UnixSocket.listen(socket.toString(), 1).close();
        giveAway(socket);

        removeWithoutPowerOverFiles(socket);

        assertThat(socket).doesNotExist();
    }

    @Test
    void aFileOfTheSameNameInAnotherDirectoryDoesNotCount() throws Exception {
        Peers.needRoot();
        Path other = Files.createDirectory(directory.resolve("other")).resolve("vm.sock");
        Path socket = directory.resolve("vm.sock");
        UnixSocket.listen(socket.toString(), 1).close();
        giveAway(socket);
        try (UnixSocket _ = UnixSocket.listen(other.toString(), 1)) {
            removeWithoutPowerOverFiles(socket);
        }
        assertThat(socket).doesNotExist();
    }

    @Test
    void aFileThatSomebodyListensAtIsKept() throws Exception {
        Peers.needRoot();
        Path socket = directory.resolve("vm.sock");
        try (UnixSocket _ = UnixSocket.listen(socket.toString(), 1)) {
            giveAway(socket);

            assertThatThrownBy(() -> removeWithoutPowerOverFiles(socket))
                    .isInstanceOf(IOException.class)
                    .hasMessage("another process is listening there, which this one may not connect to");
        }
        assertThat(socket).exists();
    }

    @Test
    void aFileThatSomebodyListensAtByAnotherPathIsKept() throws Exception {
        Peers.needRoot();
        Path socket = directory.resolve("vm.sock");
        Path detour = Files.createDirectory(directory.resolve("detour")).resolve("../vm.sock");
        try (UnixSocket _ = UnixSocket.listen(detour.toString(), 1)) {
            giveAway(socket);

            assertThatThrownBy(() -> removeWithoutPowerOverFiles(socket)).isInstanceOf(IOException.class);
        }
        assertThat(socket).exists();
    }
}
