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

    /** The descriptor that is readable when a frame waits. */
    int descriptor();
}
