package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.time.Duration;

/**
 * Waits for one of a few descriptors: {@code poll(2)}.
 *
 * <pre>
 *   0      4        6         8
 *  +------+--------+---------+
 *  |  fd  | events | revents |   struct pollfd (poll.h)
 *  +------+--------+---------+
 * </pre>
 *
 * <p>Confined to one thread. Entries are numbered in the order they were added.
 */
public final class PollSet {

    public static final int IN = 1;
    public static final int OUT = 4;
    /** Nothing but the end of a connection and errors, which are looked for in any case. */
    public static final int HANG_UP = 0;

    private static final int BYTES = 8;
    private static final int EVENTS = 4;
    private static final int RESULT = 6;

    private static final MethodHandle POLL = Libc.bind("poll", Libc.intOf(ADDRESS, JAVA_LONG, JAVA_INT));

    private final MemorySegment entries;
    private final MemorySegment state = Libc.newState();
    private int count;

    public PollSet(int capacity) {
        entries = Arena.ofAuto().allocate((long) capacity * BYTES, 8);
    }

    public PollSet clear() {
        count = 0;
        return this;
    }

    public PollSet add(int fd, int events) {
        long at = (long) count++ * BYTES;
        entries.set(JAVA_INT, at, fd);
        entries.set(JAVA_SHORT, at + EVENTS, (short) events);
        entries.set(JAVA_SHORT, at + RESULT, (short) 0);
        return this;
    }

    /** Whether the entry is ready, or has failed or hung up, as of the last wait. */
    public boolean ready(int entry) {
        return entries.get(JAVA_SHORT, (long) entry * BYTES + RESULT) != 0;
    }

    /**
     * Waits until an entry is ready.
     *
     * @return false if none was within the time
     */
    public boolean await(Duration atMost) {
        return await((int) Math.min(Integer.MAX_VALUE, Math.max(0, atMost.toMillis())));
    }

    /** Waits for as long as it takes. */
    public void await() {
        boolean _ = await(-1);
    }

    /** Whether an entry is ready now. */
    public boolean isReady() {
        return await(0);
    }

    private boolean await(int millis) {
        try {
            int n = (int) POLL.invokeExact(state, entries, (long) count, millis);
            if (n < 0 && Libc.errno(state) == Errno.EINTR) {
                return false;
            }
            return Libc.check(n, state, "poll", "") > 0;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }
}
