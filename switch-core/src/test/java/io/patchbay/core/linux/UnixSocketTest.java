package io.patchbay.core.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class UnixSocketTest {

    @TempDir
    private Path directory;

    private UnixSocket listener;
    private UnixSocket client;
    private UnixSocket server;

    @BeforeEach
    void connect() {
        String path = directory.resolve("s").toString();
        listener = UnixSocket.listen(path, 1);
        assertThat(listener.accept()).isEmpty();
        client = UnixSocket.connect(path);
        server = listener.accept().orElseThrow();
    }

    @AfterEach
    void close() {
        client.close();
        server.close();
        listener.close();
    }

    private static UnixSocket.Received receive(UnixSocket socket, byte[] buffer) {
        assertThat(new PollSet(1).add(socket.number(), PollSet.IN).await(Duration.ofSeconds(5)))
                .isTrue();
        return socket.receive(buffer, 0, buffer.length).orElseThrow();
    }

    @Test
    void nothingThereIsNotTheEnd() {
        assertThat(server.receive(new byte[1], 0, 1)).isEmpty();
        client.shutdown();
        assertThat(receive(server, new byte[1]).bytes()).isZero();
    }

    @Test
    void descriptorsComeWithTheBytesAndAreTheSameFiles() {
        try (EventFd first = EventFd.create();
                EventFd second = EventFd.create()) {
            byte[] message = {1, 2, 3};
            assertThat(client.send(message, 0, 3, List.of(first.descriptor(), second.descriptor())))
                    .isEqualTo(3);
            byte[] buffer = new byte[8];
            UnixSocket.Received received = receive(server, buffer);
            assertThat(received.bytes()).isEqualTo(3);
            assertThat(buffer).startsWith(1, 2, 3);
            assertThat(received.truncated()).isFalse();
            assertThat(received.descriptors()).hasSize(2);
            try (EventFd copy = EventFd.adopt(received.descriptors().get(1))) {
                second.signal();
                assertThat(copy.drain()).isTrue();
                assertThat(first.drain()).isFalse();
            }
            received.descriptors().get(0).close();
        }
    }

    @Test
    void whatComesBeyondTheMostDescriptorsIsLostAndSaid() {
        List<Fd> many = new ArrayList<>();
        try {
            for (int i = 0; i < UnixSocket.MAX_DESCRIPTORS + 1; i++) {
                many.add(EventFd.create().descriptor());
            }
            client.send(new byte[] {1}, 0, 1, many);
            UnixSocket.Received received = receive(server, new byte[1]);
            assertThat(received.truncated()).isTrue();
            assertThat(received.descriptors()).hasSize(UnixSocket.MAX_DESCRIPTORS);
            received.descriptors().forEach(Fd::close);
        } finally {
            many.forEach(Fd::close);
        }
    }

    @Test
    void aPieceAtATimeIsReadFromTheStream() {
        client.send(new byte[] {1, 2, 3, 4, 5}, 1, 4, List.of());
        byte[] buffer = new byte[4];
        assertThat(server.receive(buffer, 1, 2).orElseThrow().bytes()).isEqualTo(2);
        assertThat(buffer).containsExactly(0, 2, 3, 0);
    }

    @Test
    void aSocketThatIsFullTakesNothingAndDoesNotWait() {
        byte[] much = new byte[1 << 20];
        long sent = 0;
        int n;
        do {
            n = client.send(much, 0, much.length, List.of());
            sent += n;
        } while (n > 0);
        assertThat(sent).isPositive();
    }

    @Test
    void thePeerIsWhoItIs() {
        assertThat(server.peer().pid()).isEqualTo((int) ProcessHandle.current().pid());
    }

    @Test
    void sendingToAPeerThatIsGoneIsAnErrorAndNotASignal() {
        server.close();
        LinuxException e = catchThrowableOfType(LinuxException.class, () -> client.send(new byte[1], 0, 1, List.of()));
        assertThat(e.call()).isEqualTo("sendmsg");
        assertThat(e.errno()).isEqualTo(Errno.EPIPE);
    }

    @Test
    void aTakenPathIsRefusedWithCallPathAndErrno() {
        String path = directory.resolve("s").toString();
        LinuxException e = catchThrowableOfType(LinuxException.class, () -> UnixSocket.bind(path));
        assertThat(e.call()).isEqualTo("bind");
        assertThat(e.errno()).isEqualTo(Errno.EADDRINUSE);
        assertThat(e).hasMessageContaining(path);
    }

    @Test
    void aPathWhereNobodyListensIsRefused() throws Exception {
        listener.close();
        LinuxException refused = catchThrowableOfType(
                LinuxException.class,
                () -> UnixSocket.connect(directory.resolve("s").toString()));
        assertThat(refused.errno()).isEqualTo(Errno.ECONNREFUSED);
        Files.delete(directory.resolve("s"));
        LinuxException absent = catchThrowableOfType(
                LinuxException.class,
                () -> UnixSocket.connect(directory.resolve("s").toString()));
        assertThat(absent.call()).isEqualTo("connect");
        assertThat(absent.errno()).isEqualTo(Errno.ENOENT);
    }

    @Test
    void aPathThatIsTooLongIsRefusedBeforeTheKernelCutsIt() {
        assertThatThrownBy(() -> UnixSocket.bind("/" + "x".repeat(UnixSocket.MAX_PATH_BYTES)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("allowed: 1 to 107");
    }
}
