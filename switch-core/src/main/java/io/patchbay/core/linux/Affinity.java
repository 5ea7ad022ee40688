package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Binding threads to processors. */
public final class Affinity {

    /** Bytes of a {@code cpu_set_t} for as many processors as Linux can be built for. */
    private static final int SET_BYTES = 1024;

    private static final MethodHandle SCHED_SETAFFINITY =
            Libc.bind("sched_setaffinity", Libc.intOf(JAVA_INT, JAVA_LONG, ADDRESS));

    private Affinity() {}

    /**
     * Binds the calling platform thread to one processor.
     *
     * @throws LinuxException if there is no such processor, or this process may not use it
     */
    public static void pinCurrentThread(int cpu) {
        if (cpu < 0 || cpu >= SET_BYTES * 8) {
            throw new LinuxException("sched_setaffinity", "processor " + cpu, Errno.EINVAL);
        }
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocate(SET_BYTES, Long.BYTES);
            set.set(JAVA_BYTE, cpu / 8, (byte) (1 << cpu % 8));
            int result = (int) SCHED_SETAFFINITY.invokeExact(state, 0, (long) SET_BYTES, set);
            Libc.check(result, state, "sched_setaffinity", "processor " + cpu);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }
}
