package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * An eventfd: a doorbell between processes. Never blocks, whichever side made it.
 *
 * <p>{@link #signal} and {@link #drain} allocate nothing and are called by one thread at a time each.
 */
public final class EventFd implements AutoCloseable {

    private static final int EFD_NONBLOCK = 0x800;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final String KIND = "anon_inode:[eventfd]";

    private static final MethodHandle EVENTFD = Libc.bind("eventfd", Libc.intOf(JAVA_INT, JAVA_INT));
    private static final MethodHandle WRITE = Libc.bindNonBlocking("write", Libc.longOf(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle READ = Libc.bindNonBlocking("read", Libc.longOf(JAVA_INT, ADDRESS, JAVA_LONG));

    private final Fd fd;
    private final MemorySegment one = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_LONG, 1L);
    private final MemorySegment count = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);
    private final MemorySegment signalState = Libc.newState();
    private final MemorySegment drainState = Libc.newState();

    private EventFd(Fd fd) {
        this.fd = fd;
    }

    /** A new one, not signalled. */
    public static EventFd create() {
        MemorySegment state = Libc.state();
        try {
            int number = (int) EVENTFD.invokeExact(state, 0, EFD_NONBLOCK | EFD_CLOEXEC);
            return new EventFd(Fd.adopt(Libc.check(number, state, "eventfd", "")));
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /**
     * Takes over a descriptor that a peer sent, and makes it non-blocking.
     *
     * @param fd taken over, also when this fails
     * @throws IllegalArgumentException if it is not an eventfd: anything else could block us, or be written to by mistake
     */
    public static EventFd adopt(Fd fd) {
        try {
            String kind = FileCalls.describe(fd);
            if (!kind.equals(KIND)) {
                throw new IllegalArgumentException("the descriptor is not an eventfd but " + kind);
            }
            FileCalls.setNonBlocking(fd);
            return new EventFd(fd);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    public int number() {
        return fd.number();
    }

    /** The descriptor, for sending it to a peer; still this object's to close. */
    public Fd descriptor() {
        return fd;
    }

    /** Rings. A bell that rings already goes on ringing. */
    public void signal() {
        try {
            // The only failure of a valid eventfd is a full counter, which means that it is signalled.
            long _ = (long) WRITE.invokeExact(signalState, fd.number(), one, 8L);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Stops the ringing, and says whether it rang. */
    public boolean drain() {
        try {
            return (long) READ.invokeExact(drainState, fd.number(), count, 8L) == 8;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
