package io.patchbay.vhost.session;

import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what another thread will do soon. */
final class Waiting {

    private Waiting() {}

    static void until(Duration atMost, Supplier<String> what, BooleanSupplier condition) {
        long end = System.nanoTime() + atMost.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("waited " + atMost + " for " + what.get());
            }
            LockSupport.parkNanos(1_000_000);
        }
    }
}
