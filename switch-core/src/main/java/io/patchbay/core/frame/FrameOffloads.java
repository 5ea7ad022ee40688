package io.patchbay.core.frame;

import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * What the senders of a burst's frames left to others: checksums to be completed, frames to be segmented. Mostly nothing.
 *
 * <p>Confined to the burst's worker.
 */
public final class FrameOffloads {

    private final long[] request;
    private final int[] headerLength;
    private final int[] piecesSent;

    /** 0 if it was not drawn yet. */
    private final int[] fragmentId;

    private boolean any;
    private int extraFrames;
    private @Nullable SoftwareOffload software;

    /** @param capacity most frames of the burst */
    FrameOffloads(int capacity) {
        request = new long[capacity];
        headerLength = new int[capacity];
        piecesSent = new int[capacity];
        fragmentId = new int[capacity];
    }

    /** Forgets those of all frames. */
    void clear() {
        if (any) {
            Arrays.fill(request, Offload.NONE);
            Arrays.fill(piecesSent, 0);
            Arrays.fill(fragmentId, 0);
            any = false;
            extraFrames = 0;
        }
    }

    /**
     * Says what the sender of frame {@code i} left to others.
     *
     * @param asked as {@link OffloadCheck} made it
     * @param headers bytes before the payload, of a frame to be segmented
     * @param made frames that segmentation would make of it, at least 1
     */
    void set(int i, long asked, int headers, int made) {
        request[i] = asked;
        headerLength[i] = headers;
        extraFrames += made - 1;
        any = true;
    }

    /** Forgets that of frame {@code i}. */
    void forget(int i) {
        request[i] = Offload.NONE;
    }

    /** Whether there may be any. */
    public boolean any() {
        return any;
    }

    /** What the sender of frame {@code i} left to others: an {@link Offload}, mostly {@link Offload#NONE}. */
    public long of(int i) {
        return request[i];
    }

    /** Bytes of all headers of frame {@code i}, which is to be segmented. */
    public int headerLength(int i) {
        return headerLength[i];
    }

    /** How many of the pieces that are made of frame {@code i} in software its receiver has got already, if it had no room for all. */
    public int piecesSent(int i) {
        return piecesSent[i];
    }

    public void setPiecesSent(int i, int pieces) {
        piecesSent[i] = pieces;
    }

    /**
     * The identification of all fragments of frame {@code i}, also of those that are made after it had to wait. Drawn at random for each frame, one of the
     * ways of RFC 7739; never 0.
     */
    int fragmentId(int i) {
        while (fragmentId[i] == 0) {
            fragmentId[i] = ThreadLocalRandom.current().nextInt();
        }
        return fragmentId[i];
    }

    /** How many more frames there would be if all that ask for it were segmented. */
    public int extraFrames() {
        return extraFrames;
    }

    /** Where this burst's worker does offloads in software: one for each burst, made when it is first needed. */
    public SoftwareOffload software() {
        SoftwareOffload made = software;
        if (made == null) {
            made = new SoftwareOffload();
            software = made;
        }
        return made;
    }
}
