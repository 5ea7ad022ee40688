package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * How long the thread that made it has been running on a processor: {@code clock_gettime(CLOCK_THREAD_CPUTIME_ID)}. Waiting, and having to
 * wait for a processor, do not count. Confined to that thread.
 */
public final class ThreadClock {

    private static final int CLOCK_THREAD_CPUTIME_ID = 3;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    private static final MethodHandle CLOCK_GETTIME =
            Libc.bindNonBlocking("clock_gettime", Libc.intOf(JAVA_INT, ADDRESS));

    /** struct timespec: seconds, nanoseconds. */
    private final MemorySegment time = Arena.ofAuto().allocate(2L * Long.BYTES, Long.BYTES);

    private final MemorySegment state = Libc.newState();
    private long last = now();

    /** Nanoseconds of processor time since the last lap, or since the clock was made. */
    public long lap() {
        long before = last;
        last = now();
        return last - before;
    }

    private long now() {
        try {
            int result = (int) CLOCK_GETTIME.invokeExact(state, CLOCK_THREAD_CPUTIME_ID, time);
            Libc.check(result, state, "clock_gettime", "CLOCK_THREAD_CPUTIME_ID");
            return time.get(JAVA_LONG, 0) * NANOS_PER_SECOND + time.get(JAVA_LONG, Long.BYTES);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }
}
