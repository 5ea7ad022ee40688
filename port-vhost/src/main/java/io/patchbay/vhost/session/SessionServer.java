package io.patchbay.vhost.session;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.PollSet;
import io.patchbay.core.linux.UnixSocket;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.slf4j.LoggerFactory;

/**
 * The thread of one port: waits for front ends at a socket and serves them, one at a time.
 *
 * <p>{@link VhostDevice#disconnected} is called once after every conversation, however it ended. {@link #statistics}, {@link #disconnect} and
 * {@link #close} may be called by any other thread.
 */
public final class SessionServer implements AutoCloseable {

    /** How long nobody is accepted after that failed, for instance for want of descriptors. */
    private static final Duration DEAF_TIME = Duration.ofMillis(100);

    private static final Duration FOR_EVER = Duration.ofDays(1);

    private final SocketFile listener;
    private final VhostDevice device;
    private final Patience patience;
    private final PortLog log;
    private final EventFd stop = EventFd.create();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile Optional<Connection> current = Optional.empty();
    private volatile Statistics statistics = new Statistics(0, 0, 0, Optional.empty(), "none yet");
    private volatile String dropReason = "";
    private long deafUntil = System.nanoTime();

    /**
     * How the port's conversations went.
     *
     * @param connects front ends that were served
     * @param turnedAway front ends that came while another was being served
     * @param refused requests that were refused, declined or unknown, in all conversations
     * @param peer the process being served
     * @param lastEnd why the last conversation ended
     */
    public record Statistics(
            long connects, long turnedAway, long refused, Optional<UnixSocket.Peer> peer, String lastEnd) {}

    private SessionServer(String port, SocketFile listener, VhostDevice device, Patience patience) {
        this.listener = listener;
        this.device = device;
        this.patience = patience;
        this.log = new PortLog(port, LoggerFactory.getLogger(SessionServer.class), System::nanoTime);
        this.thread = Thread.ofPlatform().name("vhost-" + port).daemon().unstarted(this::run);
    }

    /** Starts to serve; takes over the listener. */
    public static SessionServer start(String port, SocketFile listener, VhostDevice device) {
        return start(port, listener, device, Patience.DEFAULT);
    }

    static SessionServer start(String port, SocketFile listener, VhostDevice device, Patience patience) {
        SessionServer server = new SessionServer(port, listener, device, patience);
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
            if (current.isPresent()) {
                dropReason = reason;
                current.get().shutdown();
            }
        }
    }

    /** Ends the current conversation, the thread, and the socket with its file. Idempotent. Not for the session's own thread. */
    @Override
    public void close() {
        synchronized (this) {
            if (!stopping) {
                stopping = true;
                stop.signal();
                current.ifPresent(Connection::shutdown); // it may be waiting for room for a reply
            }
        }
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true; // the thread ends by itself; finish waiting, then pass the interrupt on
            }
        }
        synchronized (this) {
            stop.close();
            listener.close();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        PollSet waiting = new PollSet(2);
        while (!stopping) {
            waiting.clear().add(stop.number(), PollSet.IN);
            addListener(waiting);
            boolean _ = waiting.await(untilListening().orElse(FOR_EVER));
            if (!stopping) {
                accept().ifPresent(this::serve);
            }
        }
    }

    /** Who waits to be let in, if that is known. */
    private Optional<UnixSocket> accept() {
        if (untilListening().isPresent()) {
            return Optional.empty();
        }
        try {
            return listener.accept();
        } catch (LinuxException e) {
            // The front end goes on waiting, so the listener goes on being ready: asking again at once would be a busy
            // loop.
            log.warn("cannot accept a front end: " + e.getMessage());
            deafUntil = System.nanoTime() + DEAF_TIME.toNanos();
            return Optional.empty();
        }
    }

    private void addListener(PollSet waiting) {
        if (untilListening().isEmpty()) {
            waiting.add(listener.number(), PollSet.IN);
        }
    }

    private Optional<Duration> untilListening() {
        long left = deafUntil - System.nanoTime();
        return left > 0 ? Optional.of(Duration.ofNanos(left).plusMillis(1)) : Optional.empty();
    }

    private void serve(UnixSocket socket) {
        Connection connection = new Connection(socket, patience.reply());
        String end = "";
        try {
            begin(connection);
            converse(connection, new Session(log, connection, device));
        } catch (ConnectionException e) {
            end = String.valueOf(e.getMessage());
        } catch (RuntimeException | Error e) {
            end = "internal error: " + e;
            log.error("serving the front end failed", e);
        } finally {
            end(connection, end);
        }
    }

    private void begin(Connection connection) {
        UnixSocket.Peer peer = connection.peer();
        synchronized (this) {
            dropReason = "";
            current = Optional.of(connection);
        }
        update(s -> new Statistics(s.connects() + 1, s.turnedAway(), s.refused(), Optional.of(peer), s.lastEnd()));
        log.info("front end connected, pid " + peer.pid() + ", uid " + peer.uid());
    }

    private void end(Connection connection, String failure) {
        String reason;
        synchronized (this) {
            current = Optional.empty();
            // Our own wish to end shows as a failure to read or reply.
            reason = stopping ? "the port was closed" : dropReason.isEmpty() ? failure : dropReason;
        }
        try {
            device.disconnected();
        } catch (RuntimeException | Error e) {
            log.error("clearing up after the front end failed", e);
        } finally {
            connection.close();
        }
        update(s -> new Statistics(s.connects(), s.turnedAway(), s.refused(), Optional.empty(), reason));
        log.info("front end disconnected: " + reason);
    }

    private void converse(Connection connection, Session session) throws ConnectionException {
        PollSet waiting = new PollSet(3);
        long begun = System.nanoTime();
        while (!stopping && dropReason.isEmpty()) {
            waiting.clear().add(stop.number(), PollSet.IN).add(connection.number(), PollSet.IN);
            addListener(waiting);
            boolean _ = waiting.await(shorter(untilListening(), untilLate(connection, begun)));
            accept().ifPresent(this::turnAway);
            if (waiting.ready(1)) {
                if (!connection.isMidMessage()) {
                    begun = System.nanoTime();
                }
                Optional<Connection.Incoming> incoming = connection.read();
                if (incoming.isPresent()) {
                    handle(incoming.get(), session);
                }
            }
        }
    }

    private void handle(Connection.Incoming incoming, Session session) throws ConnectionException {
        long before = session.refused();
        try {
            session.handle(incoming);
        } finally {
            long more = session.refused() - before;
            update(s -> new Statistics(s.connects(), s.turnedAway(), s.refused() + more, s.peer(), s.lastEnd()));
        }
    }

    /** How much longer the message being read may take, if one is. */
    private Optional<Duration> untilLate(Connection connection, long begun) throws ConnectionException {
        if (!connection.isMidMessage()) {
            return Optional.empty();
        }
        Duration left = patience.message().minusNanos(System.nanoTime() - begun);
        if (left.isNegative()) {
            throw new ConnectionException("the front end did not finish a message within "
                    + patience.message().toMillis() + " ms");
        }
        return Optional.of(left.plusMillis(1));
    }

    private static Duration shorter(Optional<Duration> one, Optional<Duration> other) {
        Duration a = one.orElse(FOR_EVER);
        Duration b = other.orElse(FOR_EVER);
        return a.compareTo(b) < 0 ? a : b;
    }

    /** A port has one cable: whoever comes while it is plugged in goes away again. */
    private void turnAway(UnixSocket socket) {
        try (socket) {
            update(s -> new Statistics(s.connects(), s.turnedAway() + 1, s.refused(), s.peer(), s.lastEnd()));
            long count = statistics.turnedAway();
            if (Long.bitCount(count) == 1) {
                log.warn("turned away a second front end, pid " + socket.peer().pid() + " (" + count + " so far)");
            }
        }
    }

    private void update(UnaryOperator<Statistics> change) {
        statistics = change.apply(statistics);
    }
}
