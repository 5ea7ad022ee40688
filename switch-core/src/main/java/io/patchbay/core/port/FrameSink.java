package io.patchbay.core.port;

import io.patchbay.core.linux.IoVector;

/** Where an {@link UplinkTransmitter} writes frames. */
@FunctionalInterface
public interface FrameSink {

    /**
     * Writes one frame. Allocates nothing.
     *
     * @return bytes taken, or {@code -errno}
     */
    long write(IoVector vector, int count);
}
