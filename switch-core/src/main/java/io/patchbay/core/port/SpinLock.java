package io.patchbay.core.port;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock for what two workers may touch at the same time and hold for no longer than one burst.
 *
 * <p>It spins because the holder is another worker in the middle of a copy that takes microseconds; a sleeping lock would cost more
 * than it waits. Not reentrant.
 *
 * <p>A thread that finds the lock held by itself has left it behind and takes it over. That happens when a guest's memory is taken away: the
 * virtual machine then raises an error in the worker not where the memory was touched but a little later, anywhere, also between
 * taking the lock and the {@code try} that would give it back.
 */
public final class SpinLock {

    private static final VarHandle HELD;
    private static final long FREE = 0; // no thread has this number

    static {
        try {
            HELD = MethodHandles.lookup().findVarHandle(SpinLock.class, "held", long.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through HELD
    private long held;

    public void lock() {
        while (!tryLock()) {
            Thread.onSpinWait();
        }
    }

    public boolean tryLock() {
        long me = Thread.currentThread().threadId();
        long holder = (long) HELD.getOpaque(this);
        return holder == me || (holder == FREE && HELD.compareAndSet(this, FREE, me));
    }

    public void unlock() {
        HELD.setRelease(this, FREE);
    }
}
