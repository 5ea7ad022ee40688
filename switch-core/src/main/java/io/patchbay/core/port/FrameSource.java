package io.patchbay.core.port;

import io.patchbay.core.linux.ReceiveBatch;

/** Where an {@link UplinkQueue} reads frames: a tap device, a packet socket. */
public interface FrameSource {

    /** Where frames are read to. The virtio-net header before each says what its sender left to others, and does not know of a tag that was taken out. */
    ReceiveBatch batch();

    /**
     * Reads frames into slots of the batch. Allocates nothing.
     *
     * @param from the first slot
     * @param most how many frames, at least 1
     * @return how many slots are used: fewer than {@code most} if no more frames are waiting; {@code -errno} if none is, EAGAIN if nothing is wrong
     */
    int read(int from, int most);

    /**
     * Frames lost since this was last asked, because nobody read them in time. Asked by the thread that reads, after it has read. Allocates
     * nothing.
     */
    default int lost() {
        return 0;
    }

    /** Called by the thread that reads when it is about to wait for the descriptor. Allocates nothing. */
    default void arm() {}

    /** The descriptor that is readable when a frame waits: if it waited when {@link #arm} was called, or has come since, and until the next read. */
    int descriptor();
}
