package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.BooleanSupplier;

/** Waiting for what workers do in their own time. */
final class Patience {

    private static final long MOST_NANOS = 20_000_000_000L;

    private Patience() {}

    static void await(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + MOST_NANOS;
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.yield();
        }
    }
}
