package io.patchbay.core.port.pair;

import static io.patchbay.core.port.pair.ActiveMember.NONE;

import io.patchbay.core.port.GatedPort;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortException;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.PortStatus;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.Threads;
import io.patchbay.core.port.Transmitter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two ports as one, of which one carries frames.
 *
 * <p><b>Locks.</b> What members say comes under their own locks; the pair's is taken inside, and the switch is told inside that. The pair
 * therefore never calls a member while it holds its own, but for {@link Port#status}, which takes none.
 */
public final class Pair implements Port {

    private static final Logger LOG = LoggerFactory.getLogger(Pair.class);

    /** A port that is part of a pair, not started yet. */
    public record Member(String name, GatedPort port, PortCounters counters) {}

    private final String name;
    private final PairSettings settings;
    private final List<Member> parts;
    private final Announcer announcer = new Announcer();
    private final MemberStarts starts;
    private volatile boolean closed;
    private volatile Optional<Thread> thread = Optional.empty();

    // Under the lock.
    private Optional<PortContext> context = Optional.empty();
    private List<PairMember> members = List.of();
    private final Election election;
    private boolean started;
    private boolean announce;
    private final FailOvers failOvers = new FailOvers();

    /** @param parts in the order of the settings */
    public Pair(String name, PairSettings settings, List<Member> parts) {
        this.name = name;
        this.settings = settings;
        this.parts = List.copyOf(parts);
        this.starts = new MemberStarts(name);
        this.election = new Election(settings.policy());
    }

    /** Starts with one member if the other cannot start yet: that is what there are two for. */
    @Override
    public void start(PortContext switching) throws PortException {
        synchronized (this) {
            context = Optional.of(switching);
            members = parts.stream()
                    .map(part -> new PairMember(this, part, switching))
                    .toList();
        }
        starts.begin(members);
        synchronized (this) {
            started = true; // only now, so that a primary that comes second is not second
            reconsider(System.nanoTime());
        }
        Thread starting = Thread.ofPlatform().name("pair-" + name).daemon().unstarted(this::run);
        thread = Optional.of(starting);
        starting.start();
    }

    private void run() {
        while (!closed) {
            long now = System.nanoTime();
            long pause = Math.min(turn(now), starts.step(now));
            if (pause > 0) {
                LockSupport.parkNanos(this, pause);
            }
        }
    }

    /** Does what time brings about, and gives the nanoseconds until it may again. */
    private long turn(long now) {
        PortContext switching;
        long untilFailBack;
        boolean begin;
        synchronized (this) {
            reconsider(now);
            untilFailBack = election.untilNext(now);
            begin = announce;
            announce = false;
            switching = context.orElseThrow();
            if (election.active() == NONE) {
                announcer.end();
            }
        }
        if (begin) {
            announcer.begin(now);
        }
        return Math.min(untilFailBack, announcer.step(switching, now));
    }

    /** A member offers something else. When this returns no worker uses what it had offered before. */
    void change(Runnable change) {
        synchronized (this) {
            change.run();
            if (!reconsider(System.nanoTime())) {
                publish();
            }
        }
        thread.ifPresent(LockSupport::unpark);
    }

    /** A member's status may be another. */
    void statusChanged() {
        synchronized (this) {
            reconsider(System.nanoTime());
        }
        thread.ifPresent(LockSupport::unpark);
    }

    /** Chooses the active member anew; whether it is another one than before, which then has been published. */
    private boolean reconsider(long now) {
        if (!started || !election.hold(members, now)) {
            return false;
        }
        int active = election.active();
        publish();
        if (closed) {
            return true;
        }
        if (active == NONE) {
            LOG.warn("port {}: no member can be used: {}", name, reasons());
            return true;
        }
        announce = true;
        if (failOvers.note(active)) {
            LOG.warn("port {}: {} takes over: {}", name, nameOf(active), reasons());
        } else {
            LOG.info("port {}: {} is active", name, nameOf(active));
        }
        return true;
    }

    private void publish() {
        int active = election.active();
        List<ReceiveQueue> receive = new ArrayList<>();
        for (int i = 0; i < members.size(); i++) {
            boolean carries = i == active;
            members.get(i).offered().receive().stream()
                    .map(queue -> carries ? queue : new BackupQueue(queue))
                    .forEach(receive::add);
        }
        Optional<Transmitter> transmitter = active == NONE
                ? Optional.empty()
                : members.get(active).offered().transmitter();
        // In two steps: a queue may get another place in the list, and with it another worker, which the switch does
        // not see of one that gets into a BackupQueue, or out of it, at the same time.
        context.orElseThrow().publish(new PortQueues(List.of(), transmitter));
        context.orElseThrow().publish(new PortQueues(receive, transmitter));
    }

    /** What was learnt behind a member that has gone is found behind the other, if there is one. */
    void forgetAddressesUnlessUsable() {
        synchronized (this) {
            if (election.active() == NONE) {
                context.orElseThrow().forgetAddresses();
            }
        }
    }

    /**
     * The members are shut with the pair, so that nothing stale waits in them, and opened with it unless they are shut themselves. That is no
     * failure of theirs: the one that was active is again, if it can.
     */
    @Override
    public void setEnabled(boolean enabled) throws PortException {
        if (!enabled) {
            synchronized (this) {
                election.suspend();
            }
        }
        try {
            openMembers(enabled);
        } finally {
            if (enabled) {
                synchronized (this) {
                    long now = System.nanoTime();
                    election.resume(now);
                    reconsider(now);
                }
                thread.ifPresent(LockSupport::unpark);
            }
        }
    }

    private void openMembers(boolean open) throws PortException {
        List<PortException> refusals = new ArrayList<>();
        for (Member part : parts) {
            try {
                part.port().openWithPair(open);
            } catch (PortException e) {
                refusals.add(e);
            }
        }
        if (!refusals.isEmpty()) {
            throw refusals.getFirst();
        }
    }

    @Override
    public synchronized PortStatus status() {
        if (context.isEmpty()) {
            return PortStatus.down("not started");
        }
        return election.active() == NONE
                ? PortStatus.down("no member can be used: " + reasons())
                : PortStatus.up(reasons());
    }

    private String reasons() {
        List<String> reasons = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            PortStatus status = parts.get(i).port().status();
            reasons.add(nameOf(i) + (i == election.active() ? " (active): " : ": ") + status.reason());
        }
        return String.join("; ", reasons);
    }

    private String nameOf(int member) {
        return parts.get(member).name();
    }

    @Override
    public synchronized Record details() {
        List<PairDetails.Member> views = new ArrayList<>();
        for (int i = 0; i < parts.size(); i++) {
            PortStatus status = parts.get(i).port().status();
            views.add(new PairDetails.Member(nameOf(i), role(i), status.up() ? "up" : "down", status.reason()));
        }
        return new PairDetails(
                PairSettings.TYPE,
                active().orElse(""),
                settings.primary().orElse(""),
                settings.failsBack(),
                settings.failsBack() ? settings.holdDown() : 0,
                failOvers.count(),
                failOvers.last().map(String::valueOf).orElse(""),
                announcer.sent(),
                views);
    }

    private String role(int member) {
        return member == election.active() ? "active" : "backup";
    }

    /** The member that carries frames, if any can. */
    public synchronized Optional<String> active() {
        return election.active() == NONE ? Optional.empty() : Optional.of(nameOf(election.active()));
    }

    /** How often another member than before became active. */
    public synchronized long failOvers() {
        return failOvers.count();
    }

    /** Frames that told the network where a station is to be reached. */
    public long announcements() {
        return announcer.sent();
    }

    /** Whose fault it is cannot be told; the member that is active is taken to be at fault, and if it was the other's, that one comes next. */
    @Override
    public void fault(Throwable cause) {
        int guilty;
        synchronized (this) {
            guilty = election.active() == NONE ? 0 : election.active();
        }
        parts.get(guilty).port().fault(cause);
    }

    @Override
    public void close() {
        closed = true;
        thread.ifPresent(running -> {
            LockSupport.unpark(running);
            Threads.joinUninterruptibly(running);
        });
        parts.forEach(part -> part.port().close());
    }
}
