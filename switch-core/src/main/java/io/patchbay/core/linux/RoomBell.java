package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * A descriptor that becomes readable when another one becomes writable: an epoll instance that watches one descriptor (epoll(7)).
 *
 * <pre>
 *   0        4            12
 *  +--------+------------+
 *  | events | data       |   struct epoll_event, packed as on x86-64; padded to 16 bytes elsewhere
 *  +--------+------------+
 * </pre>
 *
 * <p>So whoever sleeps on readable descriptors can wait for room, too, and only while it is armed. Confined to one thread.
 */
public final class RoomBell implements AutoCloseable {

    private static final int EPOLL_CLOEXEC = 0x80000;
    private static final int EPOLL_CTL_ADD = 1;
    private static final int EPOLL_CTL_DEL = 2;
    private static final int EPOLLOUT = 4;
    private static final int EVENT_BYTES = 16;

    private static final MethodHandle EPOLL_CREATE = Libc.bind("epoll_create1", Libc.intOf(JAVA_INT));
    private static final MethodHandle EPOLL_CTL =
            Libc.bind("epoll_ctl", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT, ADDRESS));

    private final Fd epoll;
    private final int watched;
    private final MemorySegment event = Arena.ofAuto().allocate(EVENT_BYTES, 8);
    private final MemorySegment state = Libc.newState();
    private boolean armed;

    private RoomBell(Fd epoll, int watched) {
        this.epoll = epoll;
        this.watched = watched;
        event.set(JAVA_INT, 0, EPOLLOUT);
        event.set(JAVA_LONG_UNALIGNED, 4, 0L);
    }

    /** @param watched stays its owner's, and open for as long as the bell is armed */
    public static RoomBell on(int watched) {
        MemorySegment state = Libc.state();
        try {
            int number = (int) EPOLL_CREATE.invokeExact(state, EPOLL_CLOEXEC);
            return new RoomBell(Fd.adopt(Libc.check(number, state, "epoll_create1", "")), watched);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** From now on, until {@link #disarm}, {@link #number} is readable whenever the watched descriptor is writable or has failed. */
    public void arm() {
        if (!armed) {
            control(EPOLL_CTL_ADD);
            armed = true;
        }
    }

    public void disarm() {
        if (armed) {
            control(EPOLL_CTL_DEL);
            armed = false;
        }
    }

    private void control(int operation) {
        try {
            int result = (int) EPOLL_CTL.invokeExact(state, epoll.number(), operation, watched, event);
            Libc.check(result, state, "epoll_ctl", "descriptor " + watched);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    public int number() {
        return epoll.number();
    }

    @Override
    public void close() {
        epoll.close();
    }
}
