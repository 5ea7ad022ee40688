package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * Numbers of users and groups, from wherever the host keeps them.
 *
 * <pre>
 *   0       8           16      20
 *  +-------+-----------+-------+-----
 *  | name  | password  | number| ...    struct passwd, struct group (pwd.h, grp.h)
 *  +-------+-----------+-------+-----
 * </pre>
 */
public final class Accounts {

    private static final int NUMBER = 16;
    private static final MethodHandle GETPWNAM = Libc.bind("getpwnam", Libc.addressOf(ADDRESS));
    private static final MethodHandle GETGRNAM = Libc.bind("getgrnam", Libc.addressOf(ADDRESS));

    private Accounts() {}

    /** The number of a user given by name or number; empty if there is no such name. */
    public static Optional<Integer> user(String name) {
        return number(GETPWNAM, name);
    }

    /** The number of a group given by name or number; empty if there is no such name. */
    public static Optional<Integer> group(String name) {
        return number(GETGRNAM, name);
    }

    /** Synchronized: the library answers in memory of its own, the same for all. */
    private static synchronized Optional<Integer> number(MethodHandle function, String name) {
        if (name.matches("\\d{1,9}")) {
            return Optional.of(Integer.parseInt(name));
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment entry = (MemorySegment) function.invokeExact(Libc.state(), arena.allocateFrom(name));
            return entry.address() == 0
                    ? Optional.empty()
                    : Optional.of(
                            entry.reinterpret(NUMBER + JAVA_INT.byteSize()).get(JAVA_INT, NUMBER));
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }
}
