package io.patchbay.core.control.http;

import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.LongSupplier;

/** Keeps what a client may cause as often as it likes from filling the log. Confined to one thread. */
final class Seldom {

    static final Duration PAUSE = Duration.ofSeconds(10);

    private final LongSupplier nanoTime;
    private long lastLine;
    private long unsaid;

    /** @param nanoTime as {@link System#nanoTime} */
    Seldom(LongSupplier nanoTime) {
        this.nanoTime = nanoTime;
        lastLine = nanoTime.getAsLong() - PAUSE.toNanos();
    }

    /** Called each time something happens: how often it has happened, this time included, since it was last to be said; empty if it is not to be said now. */
    OptionalLong say() {
        unsaid++;
        long now = nanoTime.getAsLong();
        if (now - lastLine < PAUSE.toNanos()) {
            return OptionalLong.empty();
        }
        long times = unsaid;
        lastLine = now;
        unsaid = 0;
        return OptionalLong.of(times);
    }
}
