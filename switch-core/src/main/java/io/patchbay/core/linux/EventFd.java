package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * An eventfd: a doorbell between processes. Never waits, whoever made it and whatever its other holders do with it.
 *
 * <p>{@link #signal} may be called by any number of threads at once, {@link #drain} by one at a time. Neither allocates.
 */
public final class EventFd implements AutoCloseable {

    private static final int EFD_NONBLOCK = 0x800;
    private static final int EFD_CLOEXEC = 0x80000;
    private static final int RWF_NOWAIT = 8;
    private static final String KIND = "anon_inode:[eventfd]";

    private static final MethodHandle EVENTFD = Libc.bind("eventfd", Libc.intOf(JAVA_INT, JAVA_INT));
    private static final MethodHandle WRITE = Libc.bindWithoutErrno("write", Libc.longOf(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle READ = Libc.bindWithoutErrno("read", Libc.longOf(JAVA_INT, ADDRESS, JAVA_LONG));
    private static final MethodHandle PREADV2 =
            Libc.bindWithoutErrno("preadv2", Libc.longOf(JAVA_INT, ADDRESS, JAVA_INT, JAVA_LONG, JAVA_INT));

    private final Fd fd;
    private final boolean foreign;
    private final MemorySegment one = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_LONG, 1L);
    private final MemorySegment count = Arena.ofAuto().allocate(ValueLayout.JAVA_LONG);
    private final IoVector counts = new IoVector(1);

    private EventFd(Fd fd, boolean foreign) {
        this.fd = fd;
        this.foreign = foreign;
        counts.set(0, count, 0, Long.BYTES);
    }

    /** A new one, not signalled. */
    public static EventFd create() {
        MemorySegment state = Libc.state();
        try {
            int number = (int) EVENTFD.invokeExact(state, 0, EFD_NONBLOCK | EFD_CLOEXEC);
            return new EventFd(Fd.adopt(Libc.check(number, state, "eventfd", "")), false);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /**
     * Takes over a descriptor that a peer sent. The peer keeps it too, so it is rung and drained by calls that do not wait even if the peer
     * makes it blocking again.
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
            return new EventFd(fd, true);
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
        if (foreign && ForeignBell.ring(fd.number())) {
            return;
        }
        try {
            if (foreign) {
                // Where asynchronous operations are forbidden, a peer has the time between these two calls to make us
                // wait for it.
                FileCalls.setNonBlocking(fd);
            }
            // The only failure of a valid eventfd is a full counter, which means that it is signalled.
            long _ = (long) WRITE.invokeExact(fd.number(), one, 8L);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Stops the ringing, and says whether it rang. */
    public boolean drain() {
        try {
            if (!foreign) {
                return (long) READ.invokeExact(fd.number(), count, 8L) == 8;
            }
            long n = (long) PREADV2.invokeExact(fd.number(), counts.segment(), 1, -1L, RWF_NOWAIT);
            return n == 8;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
