package io.patchbay.core.worker;

import io.patchbay.core.frame.Burst;

/**
 * How much of a turn a receive queue has had. Its share ends when its frames or bytes are as many as were granted, or with the burst by which so many
 * pieces of guest memory were looked at: a guest whose frames, or whose receive buffers, are cut into single bytes otherwise takes a hundred times
 * longer for its frames than others for theirs.
 */
final class Share {

    /** Most pieces of guest memory looked at for one queue in a turn, but for the last burst. */
    static final int EFFORT_BUDGET = 8192;

    private final Inlet inlet;
    private final int frameBudget;
    private final long byteBudget;
    private int frames;
    private long bytes;
    private long effort;

    Share(Inlet inlet, WorkerSettings settings) {
        this.inlet = inlet;
        this.frameBudget = settings.frameBudget();
        this.byteBudget = settings.byteBudget();
    }

    Inlet inlet() {
        return inlet;
    }

    /** Begins a turn. */
    void begin() {
        frames = 0;
        bytes = 0;
        effort = 0;
    }

    /** How many frames may be taken at once now; 0 if the share has ended. */
    int limit() {
        return bytes < byteBudget && effort < EFFORT_BUDGET ? Math.min(Burst.CAPACITY, frameBudget - frames) : 0;
    }

    /** @param entries as {@link io.patchbay.core.port.ReceiveQueue#poll} counts them */
    void took(int entries, long bytesOfFrames) {
        frames += entries;
        bytes += bytesOfFrames;
    }

    void charge(long pieces) {
        effort += pieces;
    }
}
