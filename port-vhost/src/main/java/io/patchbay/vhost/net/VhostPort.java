package io.patchbay.vhost.net;

import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortStatus;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.MemoryPool;
import io.patchbay.vhost.session.PortLog;
import io.patchbay.vhost.session.SessionServer;
import io.patchbay.vhost.session.SocketFile;
import io.patchbay.vhost.session.Statistics;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A port for one guest: a virtio network device to the front end that connects, or that it connects to. */
public final class VhostPort implements Port {

    private static final Logger LOG = LoggerFactory.getLogger(VhostPort.class);

    private final String name;
    private final VhostSettings settings;
    private final MemoryPool pool;
    private final PortLog log;
    private volatile Optional<Running> running = Optional.empty();

    private record Running(VhostNetDevice device, SessionServer server) {}

    VhostPort(String name, VhostSettings settings) {
        this(name, settings, MemoryPool.ofThisProcess());
    }

    /** @param pool what all ports may map together */
    VhostPort(String name, VhostSettings settings, MemoryPool pool) {
        this.name = name;
        this.settings = settings;
        this.pool = pool;
        this.log = new PortLog(name, LOG, System::nanoTime);
    }

    @Override
    public void start(PortContext context) throws PortException {
        VhostNetDevice device = new VhostNetDevice(context, settings.offer(), settings.memoryRules(pool));
        Path path = Path.of(settings.socket());
        try {
            SessionServer server = settings.isClient()
                    ? SessionServer.connect(name, path, device)
                    : SessionServer.start(name, listen(path), device);
            running = Optional.of(new Running(device, server));
        } catch (IOException e) {
            throw new PortException("port " + name + ": " + e.getMessage(), e);
        }
    }

    private SocketFile listen(Path path) throws IOException {
        return SocketFile.listen(path, settings.access());
    }

    @Override
    public PortStatus status() {
        if (running.isEmpty()) {
            return PortStatus.down("not started");
        }
        SessionServer server = running.get().server();
        if (server.connected()) {
            return running.get().device().portStatus();
        }
        Statistics statistics = server.statistics();
        String past = statistics.disconnects() == 0 ? "" : "; the last one left: " + statistics.lastEnd();
        return PortStatus.down(server.waiting() + past);
    }

    @Override
    public Record details() {
        return new VhostDetails(
                settings.socket(),
                settings.isClient() ? "client" : "server",
                running.map(r -> r.server().statistics()),
                running.map(r -> r.device().view()));
    }

    GuestMemory guestMemory() {
        return running.map(r -> r.device().memory()).orElse(GuestMemory.EMPTY);
    }

    @Override
    public boolean memoryIntact() {
        return running.map(r -> r.device().memoryIntact()).orElse(true);
    }

    @Override
    public long memoryChangedMillis() {
        return running.map(r -> r.device().memoryChangedMillis()).orElse(Long.MIN_VALUE);
    }

    @Override
    public void fault(Throwable cause) {
        log.error("taken out of service", cause);
        running.ifPresent(r -> r.server()
                .disconnect(
                        r.device().memoryIntact()
                                ? "serving the guest failed: " + cause
                                : "the front end took guest memory away while it was in use"));
    }

    @Override
    public void close() {
        running.ifPresent(r -> r.server().close());
        running = Optional.empty();
    }
}
