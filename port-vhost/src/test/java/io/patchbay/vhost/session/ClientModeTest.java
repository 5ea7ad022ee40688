package io.patchbay.vhost.session;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.PollSet;
import io.patchbay.core.linux.UnixSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

/** The switch connects to a front end that listens. */
@Timeout(60)
class ClientModeTest {

    private static final Duration SOON = Duration.ofSeconds(10);

    @TempDir
    private Path directory;

    private final RecordingDevice device = new RecordingDevice();
    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private Path path;
    private long descriptorsBefore;

    @BeforeEach
    void watch() {
        path = directory.resolve("vmm.sock");
        descriptorsBefore = OpenDescriptors.count();
        lines.start();
        logger().addAppender(lines);
        logger().setLevel(Level.INFO);
    }

    @AfterEach
    void nothingIsLeftOpen() {
        logger().detachAppender(lines);
        logger().setLevel(null); // as the others have it
        OpenDescriptors.awaitCount(descriptorsBefore);
    }

    private static Logger logger() {
        return (Logger) LoggerFactory.getLogger(SessionServer.class);
    }

    private SessionServer dial() {
        return SessionServer.connect("vm", path, device);
    }

    private static UnixSocket accept(UnixSocket listener) {
        assertThat(new PollSet(1).add(listener.number(), PollSet.IN).await(SOON))
                .as("somebody connects")
                .isTrue();
        return listener.accept().orElseThrow();
    }

    private static void awaitWaiting(SessionServer server, String part) {
        Waiting.until(
                SOON,
                () -> part + ", not " + server.waiting(),
                () -> server.waiting().contains(part));
    }

    private List<String> texts() {
        return List.copyOf(lines.list).stream()
                .map(ILoggingEvent::getFormattedMessage)
                .toList();
    }

    @Test
    void theFrontEndMayComeLater() {
        try (SessionServer server = dial()) {
            awaitWaiting(server, "there is no such file");
            try (UnixSocket listener = UnixSocket.listen(path.toString(), 1);
                    UnixSocket _ = accept(listener)) {
                Waiting.until(SOON, () -> "a conversation", server::connected);
                assertThat(server.statistics().peer().orElseThrow().pid())
                        .isEqualTo((int) ProcessHandle.current().pid());
            }
        }
    }

    @Test
    void aSocketThatIsLeftOverIsRefusedUntilSomebodyListensAgain() throws Exception {
        UnixSocket.bind(path.toString()).close();
        try (SessionServer server = dial()) {
            awaitWaiting(server, "refused: nobody listens");
            Files.delete(path);
            awaitWaiting(server, "there is no such file");
            try (UnixSocket listener = UnixSocket.listen(path.toString(), 1);
                    UnixSocket _ = accept(listener)) {
                Waiting.until(SOON, () -> "a conversation", server::connected);
            }
        }
    }

    @Test
    void aSocketThatWeMayNotUseIsSaidToBeSo() {
        // Root may connect to every socket, so no server of a test can meet this.
        assertThat(Dialer.reason(Path.of("/run/vm.sock"), Errno.EACCES))
                .isEqualTo("no permission to connect to /run/vm.sock: permission denied (EACCES)");
    }

    @Test
    void itComesBackEveryTimeTheFrontEndGoes() throws Exception {
        try (SessionServer server = dial()) {
            for (int round = 1; round <= 5; round++) {
                try (UnixSocket listener = UnixSocket.listen(path.toString(), 1);
                        UnixSocket _ = accept(listener)) {
                    Waiting.until(SOON, () -> "a conversation", server::connected);
                }
                Files.delete(path);
                long ends = round;
                Waiting.until(
                        SOON, () -> ends + " ends", () -> server.statistics().disconnects() == ends);
            }
            assertThat(server.statistics().connects()).isEqualTo(5);
            assertThat(server.statistics().lastEnd()).isEqualTo("the front end closed");
            assertThat(device.disconnects()).isEqualTo(5);
        }
    }

    @Test
    void whatIsInTheWayIsSaidOnceAndNotAtEveryTry() throws Exception {
        try (SessionServer server = dial()) {
            awaitWaiting(server, "there is no such file");
            TimeUnit.SECONDS.sleep(1);
            UnixSocket.bind(path.toString()).close();
            awaitWaiting(server, "refused");
            TimeUnit.MILLISECONDS.sleep(1200);
        }
        assertThat(texts())
                .containsExactly(
                        "port vm: waiting for a front end to listen at " + path + ": there is no such file; trying on",
                        "port vm: refused: nobody listens at " + path + "; trying on");
    }

    @Test
    void aPortThatIsClosedWhileItWaitsEndsAtOnce() {
        SessionServer server = dial();
        awaitWaiting(server, "there is no such file");
        server.close();
        assertThat(device.disconnects()).isZero();
    }

    @Test
    void nobodyIsTurnedAwayByWhoConnects() {
        try (SessionServer server = dial();
                UnixSocket listener = UnixSocket.listen(path.toString(), 4);
                UnixSocket _ = accept(listener)) {
            Waiting.until(SOON, () -> "a conversation", server::connected);
            Optional<UnixSocket> second = listener.accept();
            assertThat(second).as("one cable, one connection").isEmpty();
        }
    }
}
