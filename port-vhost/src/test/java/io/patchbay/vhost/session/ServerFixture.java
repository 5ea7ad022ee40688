package io.patchbay.vhost.session;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** A server with a recording device on a socket of its own. */
final class ServerFixture implements AutoCloseable {

    static final SocketFile.Access ACCESS = new SocketFile.Access(0660, Optional.empty(), Optional.empty());

    final Path path;
    final RecordingDevice device = new RecordingDevice();
    final SessionServer server;

    ServerFixture(Path directory) throws IOException {
        this(directory, Patience.DEFAULT);
    }

    ServerFixture(Path directory, Patience patience) throws IOException {
        this(directory, patience, Allowance.Limit.DEFAULT);
    }

    ServerFixture(Path directory, Patience patience, Allowance.Limit limit) throws IOException {
        path = directory.resolve("vm.sock");
        server = SessionServer.start("vm", SocketFile.listen(path, ACCESS), device, patience, limit);
    }

    TestFrontEnd connect() {
        return TestFrontEnd.connect(path);
    }

    Statistics statistics() {
        return server.statistics();
    }

    /** Waits until so many conversations have ended. */
    void awaitEnds(long count) {
        Waiting.until(
                Duration.ofSeconds(10),
                () -> count + " ends of conversations: " + statistics(),
                () -> device.disconnects() == count && statistics().peer().isEmpty());
    }

    @Override
    public void close() {
        server.close();
    }
}
