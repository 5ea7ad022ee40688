package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** Binding threads to processors. */
public final class Affinity {

    /** Bytes of a {@code cpu_set_t} for as many processors as Linux can be built for. */
    private static final int SET_BYTES = 1024;

    /** The highest number a processor can have. */
    public static final int MAX_CPU = SET_BYTES * 8 - 1;

    private static final MethodHandle SCHED_SETAFFINITY =
            Libc.bind("sched_setaffinity", Libc.intOf(JAVA_INT, JAVA_LONG, ADDRESS));

    private Affinity() {}

    /**
     * Binds the calling platform thread to one processor.
     *
     * @throws LinuxException if there is no such processor, or this process may not use it
     */
    public static void pinCurrentThread(int cpu) {
        if (cpu < 0 || cpu > MAX_CPU) {
            throw new LinuxException("sched_setaffinity", "processor " + cpu, Errno.EINVAL);
        }
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment set = arena.allocate(SET_BYTES, Long.BYTES);
            set.set(JAVA_BYTE, cpu / 8, (byte) (1 << cpu % 8));
            int result = (int) SCHED_SETAFFINITY.invokeExact(state, 0, (long) SET_BYTES, set);
            if (result < 0) {
                throw new LinuxException(
                        "sched_setaffinity",
                        "processor " + cpu + " (this process may use " + usable() + ")",
                        Libc.errno(state));
            }
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** The processors this process may use, as the kernel lists them, such as {@code 0-3,8}. */
    private static String usable() {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith("Cpus_allowed_list:"))
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .findFirst()
                    .orElse("processors that are not known");
        } catch (IOException | UncheckedIOException _) {
            return "processors that are not known"; // only the words of an error are poorer for it
        }
    }
}
