package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.control.Daemon;
import io.patchbay.core.control.config.Config;
import io.patchbay.core.control.config.ConfigReader;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortProvider;
import io.patchbay.core.port.PortStatus;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a probe sees of a daemon whose port takes its time. */
class ReadinessTest {

    @TempDir
    private Path directory;

    public record SlowSettings() {}

    private record Status(String what) {}

    /** A port whose start and end last until the test allows them to go on. */
    private static final class SlowPort implements Port, PortProvider<SlowSettings> {

        private final CountDownLatch starting = new CountDownLatch(1);
        private final CountDownLatch mayStart = new CountDownLatch(1);
        private final CountDownLatch closing = new CountDownLatch(1);
        private final CountDownLatch mayClose = new CountDownLatch(1);

        private static void await(CountDownLatch latch) throws InterruptedException {
            assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
        }

        @Override
        public String type() {
            return "slow";
        }

        @Override
        public Class<SlowSettings> settings() {
            return SlowSettings.class;
        }

        @Override
        public Port create(String name, SlowSettings settings) {
            return this;
        }

        @Override
        public void start(PortContext context) throws PortException {
            starting.countDown();
            try {
                await(mayStart);
            } catch (InterruptedException e) {
                throw new PortException("interrupted", e);
            }
        }

        @Override
        public PortStatus status() {
            return PortStatus.down("slow");
        }

        @Override
        public Record details() {
            return new Status("slow");
        }

        @Override
        public void fault(Throwable cause) {
            throw new AssertionError(cause);
        }

        @Override
        public void close() {
            closing.countDown();
            try {
                await(mayClose);
            } catch (InterruptedException e) {
                throw new AssertionError(e);
            }
        }
    }

    @Test
    void aDaemonIsAliveButNotReadyWhileItsPortsStartOrStop() throws Exception {
        SlowPort port = new SlowPort();
        InetSocketAddress probes = freeAddress();
        Config config = new ConfigReader(List.of(port))
                .parse("""
                        {"switch": {"adminSocket": "%s/admin.sock", "stateDirectory": "off", "metricsAddress": "127.0.0.1:%d"},
                         "ports": [{"name": "slow", "type": "slow"}]}
                        """.formatted(directory, probes.getPort()), "the test's configuration");

        CompletableFuture<Daemon> started = CompletableFuture.supplyAsync(() -> start(config));
        SlowPort.await(port.starting);
        assertThat(Http.get(probes, "/livez").status()).isEqualTo(200);
        assertThat(Http.get(probes, "/readyz"))
                .matches(r -> r.status() == 503 && r.body().equals("starting\n"));

        port.mayStart.countDown();
        Daemon daemon = started.get(20, TimeUnit.SECONDS);
        assertThat(Http.get(probes, "/readyz"))
                .matches(r -> r.status() == 200 && r.body().equals("ok\n"));

        CompletableFuture<Void> closed = CompletableFuture.runAsync(daemon::close);
        SlowPort.await(port.closing);
        assertThat(Http.get(probes, "/livez").status()).isEqualTo(200);
        assertThat(Http.get(probes, "/readyz"))
                .matches(r -> r.status() == 503 && r.body().equals("stopping\n"));

        port.mayClose.countDown();
        closed.get(20, TimeUnit.SECONDS);
        org.assertj.core.api.Assertions.assertThatThrownBy(() -> Http.get(probes, "/livez"))
                .isInstanceOf(ConnectException.class);
    }

    private static Daemon start(Config config) {
        try {
            return Daemon.start(config, Optional.empty());
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    private static InetSocketAddress freeAddress() throws Exception {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return new InetSocketAddress(InetAddress.getLoopbackAddress(), socket.getLocalPort());
        }
    }
}
