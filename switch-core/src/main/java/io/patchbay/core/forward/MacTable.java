package io.patchbay.core.forward;

import io.patchbay.core.port.SpinLock;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The filtering database: which port an address was last seen on.
 *
 * <p>Workers look up and hear of addresses without any lock. What changes the table (a new address, a move, ageing, a flush) happens under one spin
 * lock that a worker only ever <em>tries</em>: if it is taken, the frame is forwarded unlearnt and the next one from that station tries
 * again, so no worker waits for the control thread or for another worker.
 *
 * <p>Where entries stand is {@link MacSlots}' concern. Who looks up an entry while it moves may miss it and floods one frame.
 *
 * <p><b>Fairness.</b> When the table is full a new address takes the place of an old one of the port that owns most. A guest that sends from
 * made-up addresses thus loses its own, and no port loses one to a port that has more.
 *
 * <p><b>Moves.</b> An address is where it was last seen. A limit may be set to how often it may move, beyond which it is held where it was
 * ({@link MoveDamping}): who sends from another's address then does not get that one's frames for more than a moment.
 *
 * <p>Time is a count of seconds set by {@link #tick}, so that learning costs no clock call.
 */
public final class MacTable extends MacSlots {

    /** Answer of {@link #lookup} for an address that is not known. */
    public static final int UNKNOWN = NOWHERE;

    /** Most entries a table may be made for. */
    public static final int MAX_LIMIT = 1 << 20;

    /** How many slots are looked at for old entries before somebody else may have the lock. */
    private static final int SLICE = 1024;

    /** How many entries in use may be passed over in search of one that is not. */
    private static final int SECOND_CHANCES = 4;

    private final SpinLock lock = new SpinLock();

    private final int ageingSeconds;

    // Under the lock.
    private final FairShares shares;
    private final Optional<MoveDamping> damping;
    /** By number of entry: the second in which it was heard of last, unless that is the one that has not ended. */
    private final int[] heard;

    private long learned;
    private long moved;
    private long aged;
    private long flushed;
    private long evicted;

    private volatile int now;

    /**
     * @param limit most addresses remembered, 1 to {@link #MAX_LIMIT}
     * @param ageingSeconds an address not seen as a source for so long is forgotten; at least 1
     */
    public MacTable(int limit, int ageingSeconds) {
        this(limit, ageingSeconds, 0, 0);
    }

    /**
     * @param moveLimit how often an address may move within {@code moveSeconds}; 0: as often as it likes
     * @param moveSeconds also for how long an address that moved too often stays where it was before
     */
    public MacTable(int limit, int ageingSeconds, int moveLimit, int moveSeconds) {
        if (limit < 1 || limit > MAX_LIMIT) {
            throw new IllegalArgumentException("limit " + limit + " is not within 1 to " + MAX_LIMIT);
        }
        super(limit);
        this.ageingSeconds = ageingSeconds;
        shares = new FairShares(limit);
        heard = new int[limit];
        damping = moveLimit == 0
                ? Optional.empty()
                : Optional.of(new MoveDamping(new MoveDamping.Limit(moveLimit, moveSeconds), limit));
    }

    /**
     * One address as an operator sees it.
     *
     * @param held whether it stays where it is for having moved too often
     */
    public record Entry(long address, int port, int ageSeconds, boolean held) {}

    /**
     * How often the table changed, since it was made.
     *
     * @param evicted addresses that had to make room for others
     * @param held addresses that moved too often, and were held where they were
     */
    public record Statistics(
            int entries, int limit, long learned, long moved, long aged, long flushed, long evicted, long held) {}

    /** The port an address was last seen on, or {@link #UNKNOWN}. */
    public int lookup(long address) {
        return portOf(address, home(address));
    }

    /** Notes that a frame from {@code address} came in on {@code port}. */
    public void learn(long address, int port) {
        learn(address, port, home(address));
    }

    /** The same, given where its search begins. Says whether a port of any address may have changed by that. */
    boolean learn(long address, int port, int home) {
        if (hear(address, port, home)) {
            return false;
        }
        learnUnderLock(address, port);
        return true;
    }

    private void learnUnderLock(long address, int port) {
        if (!lock.tryLock()) {
            return;
        }
        try {
            int slot = find(address);
            if (slot >= 0) {
                move(slot, port);
                return;
            }
            if (count() == limit) {
                evict(port);
            }
            int entry = put(address, port);
            shares.add(port, entry);
            damping.ifPresent(d -> d.begin(entry));
            learned++;
        } finally {
            lock.unlock();
        }
    }

    private void move(int slot, int seenOn) {
        int from = port(slot);
        int number = numberAt(slot);
        int port = damping.isPresent() && from != seenOn ? damping.get().place(number, from, seenOn, now) : seenOn;
        long entry = MacSlotDescriptor.withPort(entry(slot), port);
        change(slot, port == seenOn ? MacSlotDescriptor.withHeard(entry) : entry);
        if (from != port) {
            shares.remove(from, number);
            shares.add(port, number);
            moved++;
        }
    }

    /** Makes room for an address of a port. */
    private void evict(int port) {
        int largest = shares.largest();
        int loser = shares.count(port) == shares.count(largest) ? port : largest;
        int entry = shares.oldest(loser);
        for (int i = 0; i < SECOND_CHANCES && MacSlotDescriptor.isHeard(entry(slotOf(entry))); i++) {
            shares.remove(loser, entry);
            shares.add(loser, entry);
            entry = shares.oldest(loser);
        }
        remove(entry);
        evicted++;
    }

    private void remove(int entry) {
        shares.remove(port(slotOf(entry)), entry);
        free(entry);
    }

    /**
     * Advances the clock and forgets addresses that were not seen for the ageing time. Called about once a second.
     *
     * <p>The lock is given up again and again, so that new addresses are learnt meanwhile. An entry that another removal moves to where this
     * has been already is forgotten next time.
     */
    public void tick(int seconds) {
        int second = now;
        now = seconds;
        int oldest = seconds - ageingSeconds;
        for (int from = 0; from < slots(); from += SLICE) {
            lock.lock();
            try {
                int to = Math.min(from + SLICE, slots());
                aged += removeIf(slot -> lastHeard(slot, second) - oldest < 0, from, to);
            } finally {
                lock.unlock();
            }
        }
    }

    /** When an address was heard of last, given the second that has just ended. If it was in that one, this is noted, and it may be heard of again. */
    private int lastHeard(int slot, int second) {
        int number = numberAt(slot);
        long entry = entry(slot);
        if (MacSlotDescriptor.isHeard(entry)) {
            heard[number] = second;
            change(slot, MacSlotDescriptor.withoutHeard(entry));
        }
        return heard[number];
    }

    /** Forgets every address, and says how many there were. */
    public int flush() {
        lock.lock();
        try {
            int removed = removeIf(slot -> true, 0, slots());
            flushed += removed;
            return removed;
        } finally {
            lock.unlock();
        }
    }

    /** Forgets every address learnt on a port, and says how many there were. */
    public int flushPort(int port) {
        lock.lock();
        try {
            // Not by looking at every slot: a front end decides how often it comes and goes.
            int removed = shares.count(port);
            for (int i = 0; i < removed; i++) {
                remove(shares.oldest(port));
            }
            flushed += removed;
            damping.ifPresent(d -> d.forget(port));
            return removed;
        } finally {
            lock.unlock();
        }
    }

    private int removeIf(IntPredicate doomed, int from, int to) {
        int removed = 0;
        for (int slot = from; slot < to; slot++) {
            // What moves up into this slot is looked at next.
            while (entry(slot) != MacSlotDescriptor.FREE && doomed.test(slot)) {
                remove(numberAt(slot));
                removed++;
            }
        }
        return removed;
    }

    /**
     * Every address known, in no particular order. The table is read a part at a time, as the stream is, so that nobody has to hold all of them and new ones are
     * learnt in between. An entry that moves to another part meanwhile may come twice or not at all.
     */
    public Stream<Entry> entries() {
        return IntStream.iterate(0, from -> from < slots(), from -> from + SLICE)
                .mapToObj(from -> part(from, Math.min(from + SLICE, slots())))
                .flatMap(List::stream);
    }

    private List<Entry> part(int from, int to) {
        lock.lock();
        try {
            List<Entry> entries = new ArrayList<>(SLICE);
            for (int slot = from; slot < to; slot++) {
                if (entry(slot) != MacSlotDescriptor.FREE) {
                    entries.add(shown(slot));
                }
            }
            return entries;
        } finally {
            lock.unlock();
        }
    }

    /** What is known of one address. */
    public Optional<Entry> entryOf(long address) {
        lock.lock();
        try {
            int slot = find(address);
            return slot == NOWHERE ? Optional.empty() : Optional.of(shown(slot));
        } finally {
            lock.unlock();
        }
    }

    private Entry shown(int slot) {
        long entry = entry(slot);
        int number = numberAt(slot);
        int age = MacSlotDescriptor.isHeard(entry) ? 0 : Math.max(0, now - heard[number]);
        boolean held = damping.map(d -> d.isHeld(number, now)).orElse(false);
        return new Entry(MacSlotDescriptor.address(entry), MacSlotDescriptor.port(entry), age, held);
    }

    public Statistics statistics() {
        lock.lock();
        try {
            long held = damping.map(MoveDamping::held).orElse(0L);
            return new Statistics(count(), limit, learned, moved, aged, flushed, evicted, held);
        } finally {
            lock.unlock();
        }
    }

    private int port(int slot) {
        return MacSlotDescriptor.port(entry(slot));
    }
}
