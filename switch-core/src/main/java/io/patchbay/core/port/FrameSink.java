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

    /** The descriptor that is writable while less than half of the send buffer is in use; -1 if there is no such thing. */
    default int descriptor() {
        return -1;
    }

    /** Most memory that frames written and not yet sent may use, in bytes as the kernel counts; 0 if it is not limited. */
    default long bufferBytes() {
        return 0;
    }

    /** How much of it is in use; -1 if the kernel does not say. */
    default long bufferedBytes() {
        return -1;
    }
}
