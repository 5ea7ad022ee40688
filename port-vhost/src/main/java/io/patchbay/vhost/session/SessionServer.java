package io.patchbay.vhost.session;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.PollSet;
import io.patchbay.core.linux.UnixSocket;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.slf4j.LoggerFactory;

/**
 * The thread of one port: waits for front ends and serves them, one at a time.
 *
 * <p>{@link VhostDevice#disconnected} is called once after every conversation, however it ended. {@link #statistics}, {@link #disconnect} and
 * {@link #close} may be called by any other thread.
 */
public final class SessionServer implements AutoCloseable {

    private static final Duration FOR_EVER = Duration.ofDays(1);

    /** How long the end is waited for. Only a file that its file system does not let us close can take it up. */
    private static final Duration END_TIME = Duration.ofSeconds(10);

    private final FrontEndSource source;
    private final VhostDevice device;
    private final Patience patience;
    private final Allowance.Limit limit;
    private final PortLog log;
    private final Tally tally;
    private final EventFd stop = EventFd.create();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile Optional<Connection> current = Optional.empty();
    private volatile String dropReason = "";

    private SessionServer(
            String port,
            FrontEndSource source,
            VhostDevice device,
            Patience patience,
            Allowance.Limit limit,
            PortLog log) {
        this.source = source;
        this.device = device;
        this.patience = patience;
        this.limit = limit;
        this.log = log;
        this.tally = new Tally(log);
        this.thread = Thread.ofPlatform().name("vhost-" + port).daemon().unstarted(this::run);
    }

    /** Starts to serve front ends that connect; takes over the listener. */
    public static SessionServer start(String port, SocketFile listener, VhostDevice device) {
        return start(port, listener, device, Patience.DEFAULT, Allowance.Limit.DEFAULT);
    }

    static SessionServer start(
            String port, SocketFile listener, VhostDevice device, Patience patience, Allowance.Limit limit) {
        PortLog log = log(port);
        return begun(new SessionServer(port, new Listener(listener, log), device, patience, limit, log));
    }

    /** Starts to serve the front end that listens at a path, now or later. */
    public static SessionServer connect(String port, Path path, VhostDevice device) {
        PortLog log = log(port);
        return begun(
                new SessionServer(port, new Dialer(path, log), device, Patience.DEFAULT, Allowance.Limit.DEFAULT, log));
    }

    private static PortLog log(String port) {
        return new PortLog(port, LoggerFactory.getLogger(SessionServer.class), System::nanoTime);
    }

    private static SessionServer begun(SessionServer server) {
        server.thread.start();
        return server;
    }

    public Statistics statistics() {
        return tally.statistics();
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
        boolean ended = false;
        long deadline = System.nanoTime() + END_TIME.toNanos();
        while (!ended && System.nanoTime() - deadline < 0) {
            try {
                ended = thread.join(END_TIME);
            } catch (InterruptedException e) {
                interrupted = true; // the thread ends by itself; finish waiting, then pass the interrupt on
            }
        }
        synchronized (this) {
            source.close();
            if (ended) {
                stop.close();
            }
        }
        if (!ended) {
            log.warn(
                    "the port's thread does not end: it closes a file that a front end sent, and the program behind it does not answer");
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void run() {
        PollSet waiting = new PollSet(2);
        Spending spending = new Spending(limit, tally);
        while (!stopping) {
            Optional<Duration> pause = Durations.longer(source.pause(), spending.beginRest());
            waiting.clear().add(stop.number(), PollSet.IN);
            if (pause.isEmpty() && hasDescriptor()) {
                waiting.add(source.number(), PollSet.IN);
            }
            boolean _ = waiting.await(pause.orElse(hasDescriptor() ? FOR_EVER : Duration.ZERO));
            if (!stopping && pause.isEmpty()) {
                source.next().ifPresent(socket -> serve(socket, spending));
            }
            spending.onServed();
        }
    }

    private boolean hasDescriptor() {
        return source.number() != FrontEndSource.NO_DESCRIPTOR;
    }

    private void serve(UnixSocket socket, Spending spending) {
        Connection connection = new Connection(socket, patience.reply());
        String end = "";
        long begun = System.nanoTime();
        try {
            synchronized (this) {
                dropReason = "";
                current = Optional.of(connection);
            }
            tally.connected(connection.peer());
            device.connected(connection.peer());
            converse(connection, new Session(log, connection, device), spending);
        } catch (ConnectionException e) {
            end = String.valueOf(e.getMessage());
        } catch (RuntimeException | Error e) {
            end = "internal error: " + e;
            log.error("serving the front end failed", e);
        } finally {
            end(connection, end);
            spending.onOthersWork();
            source.ended(Duration.ofNanos(System.nanoTime() - begun));
        }
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
        tally.ended(reason);
    }

    private void converse(Connection connection, Session session, Spending spending) throws ConnectionException {
        PollSet waiting = new PollSet(3);
        long begun = System.nanoTime();
        while (goesOn()) {
            spending.onServed();
            begun += rest(connection, spending);
            Optional<Duration> deaf = deafTime(spending);
            waiting.clear().add(stop.number(), PollSet.IN).add(connection.number(), PollSet.IN);
            if (deaf.isEmpty() && hasDescriptor()) {
                waiting.add(source.number(), PollSet.IN);
            }
            boolean _ = waiting.await(
                    Durations.shorter(deaf, untilLate(connection, begun)).orElse(FOR_EVER));
            // Looked at in this order, whoever is turned away came while the one that is served was there. Who comes
            // after its end, perhaps itself again, waits until that is read.
            if (deaf.isEmpty() && hasDescriptor() && waiting.ready(2) && !connection.hasHungUp()) {
                spending.onServed();
                source.next().ifPresent(this::turnAway);
                spending.onComers();
            }
            if (waiting.ready(1)) {
                if (!connection.isMidMessage()) {
                    begun = System.nanoTime();
                }
                Optional<Connection.Incoming> incoming = connection.read();
                if (incoming.isPresent()) {
                    spending.onOthersWork();
                    handle(incoming.get(), session);
                }
            }
        }
    }

    private boolean goesOn() {
        return !stopping && dropReason.isEmpty();
    }

    /** Leaves the front end waiting if it has cost too much, but not its end, or ours; says for how many nanoseconds. */
    private long rest(Connection connection, Spending spending) throws ConnectionException {
        Optional<Duration> pause = spending.beginRest();
        if (pause.isEmpty()) {
            return 0;
        }
        long begun = System.nanoTime();
        PollSet ends = new PollSet(2);
        while (goesOn() && pause.isPresent()) {
            ends.clear().add(stop.number(), PollSet.IN).add(connection.number(), PollSet.HANG_UP);
            boolean _ = ends.await(pause.get());
            if (ends.ready(1)) {
                throw new ConnectionException("the front end closed");
            }
            pause = spending.rest();
        }
        return System.nanoTime() - begun;
    }

    /** When the source is to be looked at again, if it is one that others can come from while a front end is served. */
    private Optional<Duration> deafTime(Spending spending) {
        return hasDescriptor() ? Durations.longer(source.pause(), spending.restFromComers()) : Optional.empty();
    }

    private void handle(Connection.Incoming incoming, Session session) throws ConnectionException {
        long before = session.refused();
        try {
            session.handle(incoming);
        } finally {
            long more = session.refused() - before;
            if (more > 0) {
                tally.refused(more, session.lastComplaint());
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

    /** A port has one cable: whoever comes while it is plugged in goes away again. */
    private void turnAway(UnixSocket socket) {
        try (socket) {
            tally.turnedAway(socket);
        }
    }
}
