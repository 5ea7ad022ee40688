package io.patchbay.core.worker;

import java.time.Duration;

/** What a worker does when its queues are empty. */
public sealed interface IdlePolicy {

    /** Keeps polling for {@code spin} at most ({@link SpinWindow}), then sleeps: short gaps cost no wake-up, long ones no processor. */
    record Adaptive(Duration spin) implements IdlePolicy {}

    /** Never sleeps: the lowest latency, for a whole processor. */
    record Busy() implements IdlePolicy {}

    /** Sleeps as soon as there is nothing to do. */
    record Sleepy() implements IdlePolicy {}

    /** How long an empty worker polls on before it sleeps, in nanoseconds; {@link Long#MAX_VALUE} for ever. */
    default long spinNanos() {
        return switch (this) {
            case Adaptive adaptive -> adaptive.spin().toNanos();
            case Busy _ -> Long.MAX_VALUE;
            case Sleepy _ -> 0;
        };
    }
}
