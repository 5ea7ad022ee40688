package io.patchbay.testbed.bench;

import java.io.IOException;

/** A switch, its guests, and what they send each other. */
interface Load extends AutoCloseable {

    /** Nanoseconds per frame, measured for so long. */
    double block(long nanos);

    /** Frames that did not arrive. */
    long lost();

    @Override
    void close() throws IOException;
}
