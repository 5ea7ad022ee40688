package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Options of sockets, of whatever family (setsockopt(2), getsockopt(2)). */
final class SocketOptions {

    static final int SOL_SOCKET = 1;
    static final int SO_SNDBUF = 7;
    static final int SO_RCVBUF = 8;
    static final int SO_PEERCRED = 17;
    static final int SO_ATTACH_FILTER = 26;
    static final int SO_DETACH_FILTER = 27;
    static final int SO_SNDBUFFORCE = 32;
    static final int SO_RCVBUFFORCE = 33;

    private static final MethodHandle SETSOCKOPT =
            Libc.bind("setsockopt", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle GETSOCKOPT =
            Libc.bind("getsockopt", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS, ADDRESS));

    private SocketOptions() {}

    /**
     * Sets an option.
     *
     * @param name of the option, for errors
     * @param subject whose option it is, for errors
     */
    static void set(Fd socket, int level, int option, MemorySegment value, String name, String subject) {
        MemorySegment state = Libc.state();
        try {
            int result =
                    (int) SETSOCKOPT.invokeExact(state, socket.number(), level, option, value, (int) value.byteSize());
            Libc.check(result, state, "setsockopt(" + name + ")", subject);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /**
     * Reads an option. Allocates nothing.
     *
     * @param state the caller's room for an error number
     * @param length an {@code int}: the room in {@code value}, and then how much of it was filled
     * @param call for errors, with the name of the option
     * @param subject whose option it is, for errors
     */
    static void get(
            MemorySegment state,
            Fd socket,
            int level,
            int option,
            MemorySegment value,
            MemorySegment length,
            String call,
            String subject) {
        try {
            int result = (int) GETSOCKOPT.invokeExact(state, socket.number(), level, option, value, length);
            Libc.check(result, state, call, subject);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }
}
