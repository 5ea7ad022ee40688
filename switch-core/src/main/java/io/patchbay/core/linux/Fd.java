package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicInteger;

/** Owns one file descriptor, and closes it once. */
public final class Fd implements AutoCloseable {

    private static final MethodHandle CLOSE = Libc.bind("close", Libc.intOf(JAVA_INT));
    private static final int CLOSED = -1;

    private final AtomicInteger number;

    private Fd(int number) {
        this.number = new AtomicInteger(number);
    }

    /** Takes over a descriptor that nobody else will close. */
    public static Fd adopt(int number) {
        if (number < 0) {
            throw new IllegalArgumentException("descriptor " + number);
        }
        return new Fd(number);
    }

    /**
     * The descriptor's number, to be used at once.
     *
     * @throws IllegalStateException if it is closed
     */
    public int number() {
        int n = number.get();
        if (n == CLOSED) {
            throw new IllegalStateException("the descriptor is closed");
        }
        return n;
    }

    public boolean isOpen() {
        return number.get() != CLOSED;
    }

    /** Idempotent. The number is free afterwards whatever the kernel answers, so an error is not reported. */
    @Override
    public void close() {
        int n = number.getAndSet(CLOSED);
        if (n == CLOSED) {
            return;
        }
        MemorySegment state = Libc.state();
        try {
            int result = (int) CLOSE.invokeExact(state, n);
            if (result < 0 && Libc.errno(state) == Errno.EBADF) {
                throw new IllegalStateException("descriptor " + n + " was closed by somebody else");
            }
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    @Override
    public String toString() {
        int n = number.get();
        return n == CLOSED ? "closed descriptor" : "descriptor " + n;
    }
}
