package io.patchbay.core.port;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * A lock for what two workers may touch at the same time and hold for no longer than one burst.
 *
 * <p>It spins because the holder is another worker in the middle of a copy that takes microseconds; a sleeping lock would cost more
 * than it waits. Not reentrant.
 */
public final class SpinLock {

    private static final VarHandle HELD;

    static {
        try {
            HELD = MethodHandles.lookup().findVarHandle(SpinLock.class, "held", int.class);
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    @SuppressWarnings("unused") // through HELD
    private int held;

    public void lock() {
        while (!tryLock()) {
            Thread.onSpinWait();
        }
    }

    public boolean tryLock() {
        return (int) HELD.getOpaque(this) == 0 && HELD.compareAndSet(this, 0, 1);
    }

    public void unlock() {
        HELD.setRelease(this, 0);
    }
}
