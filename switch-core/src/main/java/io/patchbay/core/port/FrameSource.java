package io.patchbay.core.port;

import io.patchbay.core.linux.IoVector;

/** Where an {@link UplinkQueue} reads frames: a tap device, a packet socket. */
public interface FrameSource {

    /** {@link #tag} of a frame that is complete as it was read. */
    int NO_TAG = -1;

    /**
     * Reads one frame. Allocates nothing.
     *
     * @param count entries of the vector that may be filled
     * @return its length, or {@code -errno}: EAGAIN if none is waiting
     */
    long read(IoVector vector, int count);

    /**
     * Bytes of a virtio-net header that stands before every frame as it is read, and says what its sender left to others; 0 if none does.
     *
     * <p>The header does not know of a {@link #tag} that was taken out.
     */
    default int headerBytes() {
        return 0;
    }

    /** The VLAN tag that the kernel took out of the frame read last, TPID above TCI, or {@link #NO_TAG}. */
    int tag();

    /**
     * Frames lost since this was last asked, because nobody read them in time. Asked by the thread that reads, after it has read. Allocates
     * nothing.
     */
    default int lost() {
        return 0;
    }

    /** The descriptor that is readable when a frame waits. */
    int descriptor();
}
