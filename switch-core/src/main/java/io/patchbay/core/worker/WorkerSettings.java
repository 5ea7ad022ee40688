package io.patchbay.core.worker;

import java.util.OptionalInt;

/**
 * How a worker runs.
 *
 * @param idle what it does when its queues are empty
 * @param cpu the processor it is bound to, if any
 * @param frameBudget most frames from one queue in one turn; at least 1
 * @param byteBudget a queue's share of a turn ends after the burst that passes so many bytes; at least 1
 */
public record WorkerSettings(IdlePolicy idle, OptionalInt cpu, int frameBudget, long byteBudget) {

    /** A queue's share of a turn: what vhost-net grants (512 KiB), and no more frames than four bursts. */
    public static final int DEFAULT_FRAME_BUDGET = 256;

    public static final long DEFAULT_BYTE_BUDGET = 512 * 1024;
}
