package io.patchbay.core.worker;

import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Frames the control side wants forwarded, on their way to the worker that does it. */
final class Injections {

    static final int MAX_WAITING = 256;

    private final ConcurrentLinkedQueue<Injection> queue = new ConcurrentLinkedQueue<>();
    private final AtomicInteger waiting = new AtomicInteger();

    /** False if too many wait already. For any thread. */
    boolean add(Injection injection) {
        if (waiting.incrementAndGet() > MAX_WAITING) {
            waiting.decrementAndGet();
            return false;
        }
        queue.add(injection);
        return true;
    }

    boolean isEmpty() {
        return queue.isEmpty();
    }

    Optional<Injection> poll() {
        Injection next = queue.poll();
        if (next != null) {
            waiting.decrementAndGet();
        }
        return Optional.ofNullable(next);
    }
}
