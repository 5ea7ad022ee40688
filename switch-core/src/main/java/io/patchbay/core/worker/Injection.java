package io.patchbay.core.worker;

/**
 * A frame the control side wants forwarded.
 *
 * @param from who has handed it over
 * @param life of that port when it did
 * @param outward whether out to the port, or as if the port had sent it
 */
record Injection(Injector from, long life, byte[] frame, boolean outward) {

    boolean isWanted() {
        return from.isInLife(life);
    }
}
