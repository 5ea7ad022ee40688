package io.patchbay.vhost.session;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.PollSet;
import io.patchbay.core.linux.ThreadClock;
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

    /** How long the end is waited for. Only a file that its file system does not let us close can take it up. */
    private static final Duration END_TIME = Duration.ofSeconds(10);

    /** What a message, or a front end that comes, costs others: workers take notice of what changes, and touch memory that is new. */
    private static final long COST_TO_OTHERS_NANOS = 50_000;

    private final FrontEndSource source;
    private final VhostDevice device;
    private final Patience patience;
    private final Allowance allowance;
    private final Allowance allowanceOfOthers;
    private final PortLog log;
    private final EventFd stop = EventFd.create();
    private final Thread thread;
    private volatile boolean stopping;
    private volatile Optional<Connection> current = Optional.empty();
    private volatile Statistics statistics = Statistics.NONE;
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
        this.allowance = new Allowance(limit, System::nanoTime);
        this.allowanceOfOthers = new Allowance(limit, System::nanoTime);
        this.log = log;
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
        ThreadClock clock = new ThreadClock();
        while (!stopping) {
            Optional<Duration> pause = longer(source.pause(), restFrom(allowance));
            waiting.clear().add(stop.number(), PollSet.IN);
            if (pause.isEmpty() && hasDescriptor()) {
                waiting.add(source.number(), PollSet.IN);
            }
            boolean _ = waiting.await(pause.orElse(hasDescriptor() ? FOR_EVER : Duration.ZERO));
            if (!stopping && pause.isEmpty()) {
                source.next().ifPresent(socket -> serve(socket, clock));
            }
            allowance.spend(clock.lap());
        }
    }

    private boolean hasDescriptor() {
        return source.number() != FrontEndSource.NO_DESCRIPTOR;
    }

    /** How long front ends have to be left alone for what they cost before, if at all. */
    private Optional<Duration> restFrom(Allowance spent) {
        Optional<Duration> pause = spent.pause();
        if (pause.isPresent()) {
            update(Statistics::keptWaitingOnceMore);
            long count = statistics.keptWaiting();
            if (Long.bitCount(count) == 1) {
                log.warn("front ends cost more processor time than they may, and are kept waiting (" + count
                        + " times so far)");
            }
        }
        return pause;
    }

    private void serve(UnixSocket socket, ThreadClock clock) {
        Connection connection = new Connection(socket, patience.reply());
        String end = "";
        long begun = System.nanoTime();
        try {
            begin(connection);
            device.connected(connection.peer());
            converse(connection, new Session(log, connection, device), clock);
        } catch (ConnectionException e) {
            end = String.valueOf(e.getMessage());
        } catch (RuntimeException | Error e) {
            end = "internal error: " + e;
            log.error("serving the front end failed", e);
        } finally {
            end(connection, end);
            allowance.spend(COST_TO_OTHERS_NANOS);
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

    private void converse(Connection connection, Session session, ThreadClock clock) throws ConnectionException {
        PollSet waiting = new PollSet(3);
        long begun = System.nanoTime();
        while (goesOn()) {
            allowance.spend(clock.lap());
            begun += rest(connection);
            Optional<Duration> deaf = deafTime();
            waiting.clear().add(stop.number(), PollSet.IN).add(connection.number(), PollSet.IN);
            if (deaf.isEmpty() && hasDescriptor()) {
                waiting.add(source.number(), PollSet.IN);
            }
            boolean _ = waiting.await(shorter(deaf, untilLate(connection, begun)));
            if (deaf.isEmpty() && hasDescriptor()) {
                allowance.spend(clock.lap());
                source.next().ifPresent(this::turnAway);
                allowanceOfOthers.spend(clock.lap());
            }
            if (waiting.ready(1)) {
                if (!connection.isMidMessage()) {
                    begun = System.nanoTime();
                }
                Optional<Connection.Incoming> incoming = connection.read();
                if (incoming.isPresent()) {
                    allowance.spend(COST_TO_OTHERS_NANOS);
                    handle(incoming.get(), session);
                }
            }
        }
    }

    private boolean goesOn() {
        return !stopping && dropReason.isEmpty();
    }

    /** Leaves the front end waiting if it has cost too much, but not its end, or ours; says for how many nanoseconds. */
    private long rest(Connection connection) throws ConnectionException {
        Optional<Duration> pause = restFrom(allowance);
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
            pause = allowance.pause();
        }
        return System.nanoTime() - begun;
    }

    /** When the source is to be looked at again, if it is one that others can come from while a front end is served. */
    private Optional<Duration> deafTime() {
        return hasDescriptor() ? longer(source.pause(), allowanceOfOthers.pause()) : Optional.empty();
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

    private static Optional<Duration> longer(Optional<Duration> one, Optional<Duration> other) {
        return one.isEmpty() || (other.isPresent() && other.get().compareTo(one.get()) > 0) ? other : one;
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
