package io.patchbay.vhost.session;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.PollSet;
import io.patchbay.core.linux.UnixSocket;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread of one port: waits for front ends at a socket and serves them, one at a time.
 *
 * <p>{@link VhostDevice#disconnected} is called once after every conversation, however it ended. {@link #statistics}, {@link #disconnect} and
 * {@link #close} may be called by any other thread.
 */
public final class SessionServer implements AutoCloseable {

    /** How long a message may take from its first byte to its last. */
    private static final Duration MESSAGE_TIME = Duration.ofSeconds(5);

    private static final Logger LOG = LoggerFactory.getLogger(SessionServer.class);

    private final String port;
    private final SocketFile listener;
    private final VhostDevice device;
    private final EventFd stop = EventFd.create();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile Optional<Connection> current = Optional.empty();
    private volatile Statistics statistics = new Statistics(0, 0, 0, Optional.empty(), "none yet");
    private volatile String dropReason = "";

    /**
     * How the port's conversations went.
     *
     * @param connects front ends that were served
     * @param turnedAway front ends that came while another was being served
     * @param refused requests that were refused, in all conversations that have ended
     * @param peer the process being served
     * @param lastEnd why the last conversation ended
     */
    public record Statistics(
            long connects, long turnedAway, long refused, Optional<UnixSocket.Peer> peer, String lastEnd) {}

    private SessionServer(String port, SocketFile listener, VhostDevice device) {
        this.port = port;
        this.listener = listener;
        this.device = device;
        this.thread = Thread.ofPlatform().name("vhost-" + port).daemon().unstarted(this::run);
    }

    /** Starts to serve; takes over the listener. */
    public static SessionServer start(String port, SocketFile listener, VhostDevice device) {
        SessionServer server = new SessionServer(port, listener, device);
        server.thread.start();
        return server;
    }

    public Statistics statistics() {
        return statistics;
    }

    /** Whether a front end is connected. */
    public boolean connected() {
        return current.isPresent();
    }

    /** Ends the current conversation, if there is one. Does not wait for it. */
    public void disconnect(String reason) {
        synchronized (this) {
            dropReason = reason;
            current.ifPresent(Connection::shutdown);
        }
    }

    /** Ends the current conversation, the thread, and the socket with its file. Idempotent. */
    @Override
    public void close() {
        stopping = true;
        if (thread.isAlive()) {
            stop.signal();
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // the thread ends by itself; finish waiting, then pass the interrupt on
            }
        }
        stop.close();
        listener.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        PollSet waiting = new PollSet(2);
        while (!stopping) {
            waiting.clear().add(stop.number(), PollSet.IN).add(listener.number(), PollSet.IN);
            waiting.await();
            if (!stopping && waiting.ready(1)) {
                try {
                    listener.accept().ifPresent(this::serve);
                } catch (LinuxException e) {
                    LOG.warn("port {}: cannot accept: {}", port, e.getMessage());
                    pause();
                }
            }
        }
    }

    /** Waits a moment, for instance for descriptors to become free again; less if the port is closed. */
    private void pause() {
        boolean _ = new PollSet(1).add(stop.number(), PollSet.IN).await(Duration.ofMillis(100));
    }

    private void serve(UnixSocket socket) {
        Connection connection = new Connection(socket);
        Session session = new Session(port, connection, device);
        UnixSocket.Peer peer = socket.peer();
        LOG.info("port {}: front end connected, pid {}, uid {}", port, peer.pid(), peer.uid());
        synchronized (this) {
            dropReason = "";
            current = Optional.of(connection);
        }
        update(s -> new Statistics(s.connects() + 1, s.turnedAway(), s.refused(), Optional.of(peer), s.lastEnd()));
        String end = "the port was closed";
        try {
            converse(connection, session);
        } catch (ConnectionException e) {
            end = dropReason.isEmpty() ? String.valueOf(e.getMessage()) : dropReason;
        } catch (RuntimeException | Error e) {
            end = "internal error: " + e;
            LOG.error("port {}: serving the front end failed", port, e);
        } finally {
            end(connection, session, end);
        }
    }

    private void end(Connection connection, Session session, String reason) {
        synchronized (this) {
            current = Optional.empty();
        }
        try {
            device.disconnected();
        } catch (RuntimeException | Error e) {
            LOG.error("port {}: clearing up after the front end failed", port, e);
        } finally {
            connection.close();
        }
        update(s -> new Statistics(
                s.connects(), s.turnedAway(), s.refused() + session.refused(), Optional.empty(), reason));
        LOG.info("port {}: front end disconnected: {}", port, reason);
    }

    private void converse(Connection connection, Session session) throws ConnectionException {
        PollSet waiting = new PollSet(3);
        long begun = System.nanoTime();
        while (!stopping) {
            waiting.clear()
                    .add(stop.number(), PollSet.IN)
                    .add(listener.number(), PollSet.IN)
                    .add(connection.number(), PollSet.IN);
            if (connection.isMidMessage()) {
                Duration left = MESSAGE_TIME.minusNanos(System.nanoTime() - begun);
                if (left.isNegative() || !waiting.await(left.plusMillis(1))) {
                    throw new ConnectionException("the front end did not finish a message within " + MESSAGE_TIME);
                }
            } else {
                waiting.await();
            }
            if (waiting.ready(1)) {
                turnAway();
            }
            if (waiting.ready(2)) {
                if (!connection.isMidMessage()) {
                    begun = System.nanoTime();
                }
                Optional<Connection.Incoming> incoming = connection.read();
                if (incoming.isPresent()) {
                    session.handle(incoming.get());
                }
            }
        }
    }

    /** A port has one cable: whoever comes while it is plugged in goes away again. */
    private void turnAway() {
        listener.accept().ifPresent(socket -> {
            UnixSocket.Peer peer = socket.peer();
            socket.close();
            update(s -> new Statistics(s.connects(), s.turnedAway() + 1, s.refused(), s.peer(), s.lastEnd()));
            if (Long.bitCount(statistics.turnedAway()) == 1) {
                LOG.warn(
                        "port {}: turned away a second front end, pid {} ({} so far)",
                        port,
                        peer.pid(),
                        statistics.turnedAway());
            }
        });
    }

    private void update(java.util.function.UnaryOperator<Statistics> change) {
        statistics = change.apply(statistics);
    }
}
