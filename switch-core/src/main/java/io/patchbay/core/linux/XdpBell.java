package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A descriptor that is readable while a socket is, and while the socket is writable if that is asked for: an epoll instance of one entry, of the layout
 * {@link RoomBell} shows. Any thread may call.
 */
final class XdpBell implements AutoCloseable {

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_MOD = 3;
    private static final int EPOLLIN = 1;
    private static final int EPOLLOUT = 4;
    private static final int EVENT_BYTES = 16;

    private static final MethodHandle EPOLL_CREATE = Libc.bind("epoll_create1", Libc.intOf(JAVA_INT));
    private static final MethodHandle EPOLL_CTL =
            Libc.bind("epoll_ctl", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));

    private final Fd epoll;
    private final int watched;
    private final MemorySegment event = Arena.ofAuto().allocate(EVENT_BYTES, 8);
    private final MemorySegment state = Libc.newState();
    private volatile boolean alsoForRoom;

    /** @param watched stays its owner's, and open for as long as the bell is used */
    XdpBell(int watched) {
        this.watched = watched;
        MemorySegment mine = Libc.state();
        try {
            int number = (int) EPOLL_CREATE.invokeExact(mine, EPOLL_CLOEXEC);
            epoll = Fd.adopt(Libc.check(number, mine, "epoll_create1", ""));
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
        control(EPOLL_CTL_ADD, EPOLLIN);
    }

    boolean ringsForRoom() {
        return alsoForRoom;
    }

    synchronized void ringForRoom(boolean wanted) {
        if (wanted != alsoForRoom) {
            control(EPOLL_CTL_MOD, wanted ? EPOLLIN | EPOLLOUT : EPOLLIN);
            alsoForRoom = wanted;
        }
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
