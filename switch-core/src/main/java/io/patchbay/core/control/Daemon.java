package io.patchbay.core.control;

import io.patchbay.core.control.config.Config;
import io.patchbay.core.control.config.SwitchConfig;
import io.patchbay.core.control.http.Answer;
import io.patchbay.core.control.http.HttpServer;
import io.patchbay.core.control.http.Route;
import io.patchbay.core.forward.MacTable;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.ResumeLatency;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortStatus;
import io.patchbay.core.worker.Switchboard;
import java.io.IOException;
import java.net.SocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running switch with everything around it. Several may run in one process, given different addresses. */
public final class Daemon implements AutoCloseable {

    public static final String VERSION = "0.1.0";

    private static final Logger LOG = LoggerFactory.getLogger(Daemon.class);

    private final Switchboard board;
    private final MacTable macs;
    private final List<PluggedPort> ports = new CopyOnWriteArrayList<>();
    private final Deque<Runnable> undo = new ArrayDeque<>();
    private final long startedNanos = System.nanoTime();
    private volatile Optional<SocketAddress> metricsAddress = Optional.empty();
    private volatile Phase phase = Phase.STARTING;

    private enum Phase {
        STARTING("starting"),
        READY("ok"),
        STOPPING("stopping");

        private final String word;

        Phase(String word) {
            this.word = word;
        }
    }

    /** What {@code status} shows. */
    public record Status(
            String version, long uptimeSeconds, int ports, int portsUp, int addresses, int workers, String metrics) {}

    private Daemon(Switchboard board, MacTable macs) {
        this.board = board;
        this.macs = macs;
    }

    /**
     * Starts a switch as configured.
     *
     * @param notifySocket where a service manager wants to be told, if one does
     * @throws DaemonException if anything cannot start; whatever did has been stopped again
     */
    public static Daemon start(Config config, Optional<String> notifySocket) throws DaemonException {
        MacTable macs = new MacTable(
                config.switching().addresses(),
                config.switching().ageing(),
                config.switching().moves(),
                config.switching().holding());
        Daemon daemon = new Daemon(startBoard(config, macs), macs);
        try {
            daemon.run(config, new Notify(notifySocket));
            return daemon;
        } catch (PortException | IOException e) {
            daemon.close();
            throw new DaemonException(String.valueOf(e.getMessage()), e);
        } catch (RuntimeException | Error e) {
            daemon.close();
            throw e;
        }
    }

    private static Switchboard startBoard(Config config, MacTable macs) throws DaemonException {
        try {
            return Switchboard.start(
                    config.switching().workerSettings(),
                    config.switching().waiterKind().factory(),
                    macs);
        } catch (IllegalStateException e) {
            String why = e.getCause() == null ? "" : ": " + e.getCause().getMessage();
            throw new DaemonException(e.getMessage() + why, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new DaemonException("interrupted while starting", e);
        }
    }

    private void run(Config config, Notify notify) throws PortException, IOException {
        undo.push(board::close);
        holdResumeLatency(config.switching());
        startClock();
        Optional<Path> state = stateDirectory(config.switching());
        Path adminPath = Path.of(config.switching().adminPath());
        // Before the ports: they would be in the way of those of another daemon, if there is one.
        HttpServer.makeFree(adminPath);
        Metrics metrics = new Metrics(VERSION);
        undo.push(metrics::close);
        metrics.addSwitch(board);
        if (config.switching().metrics().isPresent()) {
            // Before the ports: probes can ask how far the start is, and a taken address stops it in time.
            HttpServer scrape = HttpServer.onAddress(
                    config.switching().metrics().get(), List.of(metrics.route(), liveness(), readiness()));
            undo.push(scrape::close);
            metricsAddress = Optional.of(scrape.address());
        }
        new PortPlugger(board, state, undo::push, ports::add).plugAll(config);
        ports.forEach(metrics::addPort);
        HttpServer admin = HttpServer.onSocket(adminPath, new AdminApi(this).routes());
        undo.push(admin::close);
        phase = Phase.READY;
        undo.push(() -> phase = Phase.STOPPING);
        undo.push(notify::stopping);
        long count = portsOfTheSwitch().count();
        notify.ready(count + " ports");
        LOG.info(
                "patchbay {} serves {} ports; admin API at {}, metrics at {}",
                VERSION,
                count,
                adminPath,
                metricsText());
    }

    /** Where ports keep what they must know after a restart. A directory nobody asked for may be missing. */
    private static Optional<Path> stateDirectory(SwitchConfig config) {
        Optional<Path> directory = config.statePath();
        if (config.stateDirectory().isPresent() || directory.isEmpty()) {
            return directory;
        }
        try {
            Files.createDirectories(directory.get());
        } catch (IOException e) {
            LOG.info("nothing is kept over restarts: {} cannot be made: {}", directory.get(), e.toString());
            return Optional.empty();
        }
        if (!Files.isWritable(directory.get())) {
            LOG.info("nothing is kept over restarts: {} is not writable", directory.get());
            return Optional.empty();
        }
        return directory;
    }

    /** A worker that sleeps takes as long to wake up as its processor does. */
    private void holdResumeLatency(SwitchConfig config) throws IOException {
        if (config.resumeLatencyMicros().isEmpty()) {
            return;
        }
        int micros = config.resumeLatencyMicros().get();
        try {
            undo.push(ResumeLatency.request(micros)::close);
        } catch (LinuxException e) {
            throw new IOException("$.switch.resumeLatencyMicros: " + e.getMessage(), e);
        }
        LOG.info("idle processors of this host are to go on within {} µs, as long as this runs", micros);
    }

    private void startClock() {
        undo.push(Ticker.start("clock", Duration.ofSeconds(1), () -> macs.tick((int) uptimeSeconds()))::close);
    }

    private long uptimeSeconds() {
        return TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startedNanos);
    }

    /** Ports that frames are forwarded between: not the members of a pair, which are one. */
    private Stream<PluggedPort> portsOfTheSwitch() {
        return ports.stream().filter(port -> port.memberOf().isEmpty());
    }

    private Route liveness() {
        return Route.get(
                "/livez", asked -> death().isDone() ? Answer.text(503, "a worker died\n") : Answer.text(200, "ok\n"));
    }

    /** Ready from the start of the last port until it stops; says of each port how it stands. */
    private Route readiness() {
        return Route.get("/readyz", asked -> {
                    Phase now = phase;
                    StringBuilder text = new StringBuilder(now.word).append('\n');
                    if (asked.parameter("verbose").isPresent()) {
                        for (PluggedPort port : ports) {
                            PortStatus status = port.port().status();
                            text.append(port.name())
                                    .append(status.up() ? ": up: " : ": down: ")
                                    .append(status.reason())
                                    .append('\n');
                        }
                    }
                    return Answer.text(now == Phase.READY ? 200 : 503, text.toString());
                })
                .knowing("verbose");
    }

    private String metricsText() {
        return metricsAddress.map(HttpServer::text).orElse("off");
    }

    /** Where metrics are served, if they are. */
    public Optional<SocketAddress> metricsAddress() {
        return metricsAddress;
    }

    /** The switch's sums at this moment. */
    public Totals totals() {
        return Views.stats(ports(), board).totals();
    }

    /** The daemon at a glance. */
    public Status status() {
        return new Status(
                VERSION,
                uptimeSeconds(),
                (int) portsOfTheSwitch().count(),
                (int) portsOfTheSwitch().filter(p -> p.port().status().up()).count(),
                macs.statistics().entries(),
                board.workers().size(),
                metricsText());
    }

    /** Completed when a worker has died, and the daemon is to end: only another can serve those ports. */
    public CompletableFuture<Throwable> death() {
        return board.death();
    }

    Switchboard board() {
        return board;
    }

    List<PluggedPort> ports() {
        return List.copyOf(ports);
    }

    Optional<PluggedPort> port(String name) {
        return ports.stream().filter(port -> port.name().equals(name)).findFirst();
    }

    /** Shuts a port, or opens it again. Nothing is kept: a restart goes by the configuration. */
    void setEnabled(PluggedPort port, boolean enabled) throws PortException {
        if (port.port().isEnabled() != enabled) {
            LOG.info("port {}: admin {}", port.name(), enabled ? "up" : "down");
        }
        port.port().setEnabled(enabled);
    }

    Map<Integer, String> namesByIndex() {
        return portsOfTheSwitch()
                .collect(Collectors.toMap(port -> port.attachment().index(), PluggedPort::name));
    }

    /** Stops everything, last things first. Idempotent. */
    @Override
    public void close() {
        while (!undo.isEmpty()) {
            try {
                undo.pop().run();
            } catch (RuntimeException | Error e) {
                LOG.error("stopping: one step failed, the others go on", e);
            }
        }
    }
}
