package io.patchbay.core.port;

import io.patchbay.core.linux.FrameBatch;

/** Where an {@link UplinkTransmitter} writes frames. Nothing here allocates. */
@FunctionalInterface
public interface FrameSink {

    /**
     * Writes frames of a batch, in order, until one is not taken whole.
     *
     * @param from the first of them; 0 whenever the batch is another one
     * @return how many were taken, at least 1; or, of the first, {@code -errno} or {@link FrameBatch#SHORT_WRITE}
     */
    int write(FrameBatch batch, int from);

    /**
     * How long a frame may be, without its header, to be copied into one piece before it is written: where a piece costs the kernel more than a copy
     * costs us. 0 if none is.
     */
    default int onePieceBytes() {
        return 0;
    }

    /** Frames that were taken and then thrown away, by whatever is behind, since this was last asked. Asked by the thread that writes. */
    default int lost() {
        return 0;
    }

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
