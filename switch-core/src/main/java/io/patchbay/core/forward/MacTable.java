package io.patchbay.core.forward;

import io.patchbay.core.frame.MacAddress;
import io.patchbay.core.port.SpinLock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/**
 * The filtering database: which port an address was last seen on.
 *
 * <p>Workers look up and refresh without any lock. What changes the table's shape (a new address, a move, ageing, a flush) happens
 * under one spin lock that a worker only ever <em>tries</em>: if it is taken, the frame is forwarded unlearnt and the next one from
 * that station tries again, so no worker waits for the control thread or for another worker. Removal builds a new generation of the
 * table and publishes it, hence probing needs no tombstones and a reader never sees a half-moved entry.
 *
 * <p>Time is a count of seconds set by {@link #tick}, so that learning costs no clock call.
 */
public final class MacTable {

    /** Answer of {@link Generation#lookup} for an address that is not known. */
    public static final int UNKNOWN = -1;

    /** Most entries a table may be made for. */
    public static final int MAX_LIMIT = 1 << 20;

    private static final VarHandle KEY = MethodHandles.arrayElementVarHandle(long[].class);
    private static final VarHandle VALUE = MethodHandles.arrayElementVarHandle(int[].class);

    /** Set in every key, so that no address, not even zero, looks like a free slot. */
    private static final long TAKEN = 1L << 48;

    private final SpinLock lock = new SpinLock();
    private final int limit;
    private final LongAdder refused = new LongAdder();
    private long learned;
    private long moved;
    private long aged;
    private long flushed;
    private volatile int ageingSeconds;
    private volatile int now;
    private volatile Generation current;

    /**
     * @param limit most addresses remembered, 1 to {@link #MAX_LIMIT}
     * @param ageingSeconds an address not seen as a source for so long is forgotten; at least 1
     */
    public MacTable(int limit, int ageingSeconds) {
        if (limit < 1 || limit > MAX_LIMIT) {
            throw new IllegalArgumentException("limit " + limit + " is not within 1 to " + MAX_LIMIT);
        }
        this.limit = limit;
        this.ageingSeconds = ageingSeconds;
        this.current = new Generation(limit);
    }

    /** One address as an operator sees it. */
    public record Entry(long address, int port, int ageSeconds) {}

    /** How often the table changed, since it was made. */
    public record Statistics(int entries, int limit, long learned, long moved, long aged, long flushed, long refused) {}

    /** The table as it is now; good for one burst. */
    public Generation current() {
        return current;
    }

    /** Advances the clock and forgets addresses that were not seen for the ageing time. Called about once a second. */
    public void tick(int seconds) {
        now = seconds;
        lock.lock();
        try {
            int oldest = seconds - ageingSeconds;
            aged += removeIf(current, slot -> current.seen(slot) - oldest < 0);
        } finally {
            lock.unlock();
        }
    }

    /** Seconds after which an address not seen is forgotten. */
    public int ageingSeconds() {
        return ageingSeconds;
    }

    public void setAgeingSeconds(int seconds) {
        ageingSeconds = seconds;
    }

    /** Forgets every address, and says how many there were. */
    public int flush() {
        return flush(slot -> true);
    }

    /** Forgets every address learnt on a port, and says how many there were. */
    public int flushPort(int port) {
        return flush(slot -> current.port(slot) == port);
    }

    /** Every address known, in no particular order. */
    public List<Entry> entries() {
        Generation table = current;
        int seconds = now;
        List<Entry> entries = new ArrayList<>(table.count);
        for (int slot = 0; slot < table.keys.length; slot++) {
            long key = table.key(slot);
            if (key != 0) {
                entries.add(
                        new Entry(key & MacAddress.MASK, table.port(slot), Math.max(0, seconds - table.seen(slot))));
            }
        }
        return entries;
    }

    public Statistics statistics() {
        lock.lock();
        try {
            return new Statistics(current.count, limit, learned, moved, aged, flushed, refused.sum());
        } finally {
            lock.unlock();
        }
    }

    private int flush(IntPredicate doomed) {
        lock.lock();
        try {
            int removed = removeIf(current, doomed);
            flushed += removed;
            return removed;
        } finally {
            lock.unlock();
        }
    }

    private int removeIf(Generation from, IntPredicate doomed) {
        @Nullable Generation next = null;
        int removed = 0;
        for (int slot = 0; slot < from.keys.length; slot++) {
            if (from.key(slot) != 0 && doomed.test(slot)) {
                removed++;
            }
        }
        if (removed > 0) {
            next = new Generation(limit);
            for (int slot = 0; slot < from.keys.length; slot++) {
                long key = from.key(slot);
                if (key != 0 && !doomed.test(slot)) {
                    next.insert(key, from.port(slot), from.seen(slot));
                }
            }
            current = next;
        }
        return removed;
    }

    /**
     * One shape of the table: open addressing with linear probing, at most half full.
     *
     * <p>Entries are only ever added to a generation, never taken out of it.
     */
    public final class Generation {

        private final long[] keys;
        private final int[] ports;
        private final int[] seen;
        private final int mask;
        private int count;

        private Generation(int entries) {
            int slots = Integer.highestOneBit(2 * entries - 1) << 1;
            keys = new long[slots];
            ports = new int[slots];
            seen = new int[slots];
            mask = slots - 1;
        }

        /** The port an address was last seen on, or {@link #UNKNOWN}. */
        public int lookup(long address) {
            int slot = find(address | TAKEN);
            return slot < 0 ? UNKNOWN : port(slot);
        }

        /** Notes that a frame from {@code address} came in on {@code port}. */
        public void learn(long address, int port) {
            int slot = find(address | TAKEN);
            if (slot >= 0 && port(slot) == port) {
                int seconds = now;
                // Refreshed once a second at most, so that busy stations do not keep dirtying a line that other workers
                // read.
                if (seen(slot) != seconds) {
                    VALUE.setOpaque(seen, slot, seconds);
                }
                return;
            }
            learnUnderLock(address, port);
        }

        private void learnUnderLock(long address, int port) {
            if (!lock.tryLock()) {
                return;
            }
            try {
                Generation table = current;
                int slot = table.find(address | TAKEN);
                if (slot >= 0) {
                    moved += table.port(slot) == port ? 0 : 1;
                    VALUE.setOpaque(table.ports, slot, port);
                    VALUE.setOpaque(table.seen, slot, now);
                } else if (table.count < limit) {
                    table.insert(address | TAKEN, port, now);
                    learned++;
                } else {
                    refused.increment();
                }
            } finally {
                lock.unlock();
            }
        }

        private int find(long key) {
            int slot = hash(key) & mask;
            while (true) {
                long found = key(slot);
                if (found == key) {
                    return slot;
                }
                if (found == 0) {
                    return -1;
                }
                slot = slot + 1 & mask;
            }
        }

        private void insert(long key, int port, int seconds) {
            int slot = hash(key) & mask;
            while (key(slot) != 0) {
                slot = slot + 1 & mask;
            }
            VALUE.setOpaque(ports, slot, port);
            VALUE.setOpaque(seen, slot, seconds);
            // ORDER: the key last, with release, so that whoever finds the key finds its port.
            KEY.setRelease(keys, slot, key);
            count++;
        }

        private long key(int slot) {
            return (long) KEY.getAcquire(keys, slot);
        }

        private int port(int slot) {
            return (int) VALUE.getOpaque(ports, slot);
        }

        private int seen(int slot) {
            return (int) VALUE.getOpaque(seen, slot);
        }

        private static int hash(long key) {
            long mixed = key * 0x9e37_79b9_7f4a_7c15L;
            return (int) (mixed >>> 32);
        }
    }
}
