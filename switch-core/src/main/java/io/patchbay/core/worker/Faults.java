package io.patchbay.core.worker;

import io.patchbay.core.worker.WorkerCounters.Count;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds out which port an error is to be blamed on, and takes that one out of service. Confined to its worker. */
final class Faults {

    private static final long TAMPERING_MILLIS = 1000;

    /** Told of ports a worker could not go on with. Called on the worker's thread; must not block. */
    interface Listener {
        void portFailed(Plug plug, Throwable cause);
    }

    private static final Logger LOG = LoggerFactory.getLogger(Faults.class);

    private final int worker;
    private final Listener listener;
    private final WorkerCounters counters;
    private List<Plug> present = List.of();

    Faults(int worker, Listener listener, WorkerCounters counters) {
        this.worker = worker;
        this.listener = listener;
        this.counters = counters;
    }

    void adopt(List<Plug> plugs) {
        present = plugs;
    }

    /**
     * The port whose memory was taken away, if that is what the error says. If all memory is there again, it is the one that was tampered
     * with last: who shrinks a file and grows it again, to have others blamed, has done so a moment ago.
     */
    private Optional<Plug> culprit(Throwable error) {
        if (!(error instanceof InternalError)) {
            return Optional.empty();
        }
        Optional<Plug> incomplete =
                present.stream().filter(plug -> !plug.port().memoryIntact()).findFirst();
        long recently = System.currentTimeMillis() - TAMPERING_MILLIS;
        return incomplete.or(() -> present.stream()
                .filter(plug -> plug.port().memoryChangedMillis() >= recently)
                .max(Comparator.comparingLong(plug -> plug.port().memoryChangedMillis())));
    }

    /** Fails the culprit, or, if there is none, the port that was at work, and says which. */
    Plug blame(Plug atWork, Throwable cause) {
        Plug guilty = culprit(cause).orElse(atWork);
        fail(guilty, cause);
        return guilty;
    }

    /** Fails the culprit of an error that came when no port was at work, or too late to say which. */
    void blame(InternalError cause) {
        culprit(cause)
                .ifPresentOrElse(
                        plug -> fail(plug, cause),
                        () -> LOG.warn("worker {}: memory of a port was away for a moment", worker, cause));
    }

    private void fail(Plug plug, Throwable cause) {
        if (plug.fail()) {
            counters.add(Count.FAULTS, 1);
            listener.portFailed(plug, cause);
        }
    }
}
