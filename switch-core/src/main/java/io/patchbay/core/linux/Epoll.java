package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * An epoll instance that watches one descriptor (epoll(7)): itself a descriptor, which is readable while one of the events asked for has come.
 *
 * <pre>
 *   0        4            12
 *  +--------+------------+
 *  | events | data       |   struct epoll_event, packed as on x86-64; padded to 16 bytes elsewhere
 *  +--------+------------+
 * </pre>
 *
 * <p>Used by one thread at a time. Nothing here allocates after construction.
 */
final class Epoll implements AutoCloseable {

    static final int READABLE = 1; // EPOLLIN
    static final int WRITABLE = 4; // EPOLLOUT

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLL_CTL_MOD = 3;
    private static final int EVENT_BYTES = 16;

    private static final MethodHandle EPOLL_CREATE = Libc.bind("epoll_create1", Libc.intOf(JAVA_INT));
    private static final MethodHandle EPOLL_CTL =
            Libc.bind("epoll_ctl", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));

    private final Fd epoll;
    private final int watched;
    private final MemorySegment event = Arena.ofAuto().allocate(EVENT_BYTES, 8);
    private final MemorySegment state = Libc.newState();

    /** @param watched stays its owner's, and open for as long as it is watched */
    Epoll(int watched) {
        this.watched = watched;
        MemorySegment mine = Libc.state();
        try {
            int number = (int) EPOLL_CREATE.invokeExact(mine, EPOLL_CLOEXEC);
            epoll = Fd.adopt(Libc.check(number, mine, "epoll_create1", ""));
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Begins to watch for events: {@link #READABLE}, {@link #WRITABLE}, or both. */
    void watch(int events) {
        control(EPOLL_CTL_ADD, events);
    }

    /** Watches for other events from now on. */
    void change(int events) {
        control(EPOLL_CTL_MOD, events);
    }

    void unwatch() {
        control(EPOLL_CTL_DEL, 0);
    }

    private void control(int operation, int events) {
        event.set(JAVA_INT, 0, events);
        event.set(JAVA_LONG_UNALIGNED, 4, 0L);
        try {
            int result = (int) EPOLL_CTL.invokeExact(state, epoll.number(), operation, watched, event);
            Libc.check(result, state, "epoll_ctl", "descriptor " + watched);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    int number() {
        return epoll.number();
    }

    @Override
    public void close() {
        epoll.close();
    }
}
