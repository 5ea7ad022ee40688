package io.patchbay.vhost.session;

import java.time.Duration;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * How much processor time the front ends of one port may cost: so much at once, and a part of one processor for ever. What goes beyond has to
 * be waited for. Confined to one thread.
 */
final class Allowance {

    /**
     * @param atOnce what may be spent without waiting, after a time without spending
     * @param percent of a processor by which it grows again, 1 to 100
     */
    record Limit(Duration atOnce, int percent) {

        /**
         * A virtual machine with 32 queue pairs starts for some 0.1 s, in a virtual machine of ours that has just started itself for some
         * 0.3 s. Who goes on like that gets no more than what nobody else misses.
         */
        static final Limit DEFAULT = new Limit(Duration.ofSeconds(1), 2);
    }

    private final Limit limit;
    private final LongSupplier nanoTime;
    private long balance;
    private long lastEarned;

    /** @param nanoTime as {@link System#nanoTime} */
    Allowance(Limit limit, LongSupplier nanoTime) {
        this.limit = limit;
        this.nanoTime = nanoTime;
        this.balance = limit.atOnce().toNanos();
        this.lastEarned = nanoTime.getAsLong();
    }

    void spend(long nanos) {
        earn();
        balance -= nanos;
    }

    /** For how long nothing more is to be spent; empty if something may be. */
    Optional<Duration> pause() {
        earn();
        if (balance >= 0) {
            return Optional.empty();
        }
        // Rounded up to what a wait can be, so that waiting for it is enough.
        return Optional.of(Duration.ofNanos(-balance * 100 / limit.percent()).plusMillis(1));
    }

    private void earn() {
        long now = nanoTime.getAsLong();
        long most = limit.atOnce().toNanos();
        // In whole steps, so that what is earned in less than a hundredth of a step is not lost by being asked for
        // often.
        long steps = (now - lastEarned) / 100;
        lastEarned += steps * 100;
        long missing = most - balance;
        balance = steps >= missing / limit.percent() ? most : balance + steps * limit.percent();
    }
}
