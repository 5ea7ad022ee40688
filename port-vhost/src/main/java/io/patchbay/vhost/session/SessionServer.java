package io.patchbay.vhost.session;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.PollSet;
import io.patchbay.core.linux.UnixSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.slf4j.LoggerFactory;

/**
 * The thread of one port: waits for front ends and serves them, one at a time.
 *
 * <p>{@link VhostDevice#disconnected} is called once after every conversation, however it ended. {@link #statistics}, {@link #disconnect} and
 * {@link #close} may be called by any other thread.
 */
public final class SessionServer implements AutoCloseable {

    private static final Duration FOR_EVER = Duration.ofDays(1);

    private final FrontEndSource source;
    private final VhostDevice device;
    private final Patience patience;
    private final PortLog log;
    private final EventFd stop = EventFd.create();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile Optional<Connection> current = Optional.empty();
    private volatile Statistics statistics = Statistics.NONE;
    private volatile String dropReason = "";

    private SessionServer(String port, FrontEndSource source, VhostDevice device, Patience patience, PortLog log) {
        this.source = source;
        this.device = device;
        this.patience = patience;
        this.log = log;
        this.thread = Thread.ofPlatform().name("vhost-" + port).daemon().unstarted(this::run);
    }

    /** Starts to serve front ends that connect; takes over the listener. */
    public static SessionServer start(String port, SocketFile listener, VhostDevice device) {
        return start(port, listener, device, Patience.DEFAULT);
    }

    static SessionServer start(String port, SocketFile listener, VhostDevice device, Patience patience) {
        PortLog log = log(port);
        return begun(new SessionServer(port, new Listener(listener, log), device, patience, log));
    }

    /** Starts to serve the front end that listens at a path, now or later. */
    public static SessionServer connect(String port, Path path, VhostDevice device) {
        PortLog log = log(port);
        return begun(new SessionServer(port, new Dialer(path, log), device, Patience.DEFAULT, log));
    }

    private static PortLog log(String port) {
        return new PortLog(port, LoggerFactory.getLogger(SessionServer.class), System::nanoTime);
    }

    private static SessionServer begun(SessionServer server) {
        server.thread.start();
        return server;
    }

    public Statistics statistics() {
        return statistics;
    }

    /** Why no front end is connected, for an operator. */
    public String waiting() {
        return source.waiting();
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
            source.close();
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        PollSet waiting = new PollSet(2);
        while (!stopping) {
            waiting.clear().add(stop.number(), PollSet.IN);
            addSource(waiting);
            boolean _ = waiting.await(source.pause().orElse(idleTime()));
            if (!stopping) {
                whoCame().ifPresent(this::serve);
            }
        }
    }

    /** Who waits to be let in, if that can be known now. */
    private Optional<UnixSocket> whoCame() {
        return source.pause().isPresent() ? Optional.empty() : source.next();
    }

    private void addSource(PollSet waiting) {
        if (hasDescriptor() && source.pause().isEmpty()) {
            waiting.add(source.number(), PollSet.IN);
        }
    }

    private boolean hasDescriptor() {
        return source.number() != FrontEndSource.NO_DESCRIPTOR;
    }

    /** How long there is nothing to look for unless a descriptor says so. */
    private Duration idleTime() {
        return hasDescriptor() ? FOR_EVER : Duration.ZERO;
    }

    private void serve(UnixSocket socket) {
        Connection connection = new Connection(socket, patience.reply());
        String end = "";
        long begun = System.nanoTime();
        try {
            begin(connection);
            device.connected(connection.peer());
            converse(connection, new Session(log, connection, device));
        } catch (ConnectionException e) {
            end = String.valueOf(e.getMessage());
        } catch (RuntimeException | Error e) {
            end = "internal error: " + e;
            log.error("serving the front end failed", e);
        } finally {
            end(connection, end);
            source.ended(Duration.ofNanos(System.nanoTime() - begun));
        }
    }

    private void begin(Connection connection) {
        UnixSocket.Peer peer = connection.peer();
        synchronized (this) {
            dropReason = "";
            current = Optional.of(connection);
        }
        update(s -> s.connected(peer));
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
        update(s -> s.ended(reason));
        log.info("front end disconnected: " + reason);
    }

    private void converse(Connection connection, Session session) throws ConnectionException {
        PollSet waiting = new PollSet(3);
        long begun = System.nanoTime();
        while (!stopping && dropReason.isEmpty()) {
            waiting.clear().add(stop.number(), PollSet.IN).add(connection.number(), PollSet.IN);
            addSource(waiting);
            boolean _ = waiting.await(shorter(deafTime(), untilLate(connection, begun)));
            if (hasDescriptor()) {
                whoCame().ifPresent(this::turnAway);
            }
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

    /** When the source is to be looked at again, if it is one that others can come from now. */
    private Optional<Duration> deafTime() {
        return hasDescriptor() ? source.pause() : Optional.empty();
    }

    private void handle(Connection.Incoming incoming, Session session) throws ConnectionException {
        long before = session.refused();
        try {
            session.handle(incoming);
        } finally {
            long more = session.refused() - before;
            if (more > 0) {
                update(s -> s.refused(more, session.lastComplaint()));
            }
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
            update(Statistics::turnedOneAway);
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
