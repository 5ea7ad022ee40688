package io.patchbay.testbed.bench;

import java.util.function.Supplier;

/**
 * What two things that are compared came to, measured one after the other.
 *
 * @param first of the one
 * @param second of the other
 */
record Halves<T>(T first, T second) {

    /** Measures both; which of them begins alternates from pair to pair. */
    static <T> Halves<T> measure(int pair, Supplier<T> one, Supplier<T> other) {
        if (pair % 2 == 0) {
            T first = one.get();
            return new Halves<>(first, other.get());
        }
        T second = other.get();
        return new Halves<>(one.get(), second);
    }

    static double ratio(Halves<Double> figures) {
        return figures.first() / figures.second();
    }
}
