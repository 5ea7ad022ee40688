package io.patchbay.testbed.bench;

import java.util.function.DoubleSupplier;

/**
 * What two things that are compared came to, measured one after the other.
 *
 * @param first of the one
 * @param second of the other
 */
record Halves(double first, double second) {

    /** Measures both; which of them begins alternates from pair to pair. */
    static Halves measure(int pair, DoubleSupplier one, DoubleSupplier other) {
        if (pair % 2 == 0) {
            double first = one.getAsDouble();
            return new Halves(first, other.getAsDouble());
        }
        double second = other.getAsDouble();
        return new Halves(one.getAsDouble(), second);
    }

    double ratio() {
        return first / second;
    }
}
