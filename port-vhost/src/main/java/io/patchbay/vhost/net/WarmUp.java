package io.patchbay.vhost.net;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.worker.IdlePolicy;
import io.patchbay.core.worker.Switchboard;
import io.patchbay.core.worker.Waiters;
import io.patchbay.core.worker.WorkerSettings;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.wire.Feature;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.OptionalInt;

/**
 * Exercise before the first guest comes: two guests of our own talk through a switch of its own, so that the code that all switches have in common is
 * compiled. The switch that serves knows nothing of it: this one has another worker, filtering database and counters.
 *
 * <p>It comes before ports open, not beside: on a processor that a busy worker shares it gets nowhere. With 1000 ms a fresh daemon on one
 * processor was at full rate 1.0 s after its first frame instead of 2.2 s; at the same time as its ports opened, 1.9 s. One guest has split
 * rings and the other packed ones that are used in order: a first guest with packed rings had 5 to 7 million frames in its first tenth of a second with it,
 * and 1 to 2 without. Frames are whole and ask for nothing, as most: what others need is compiled when it is needed, as without any exercise.
 */
public final class WarmUp {

    private static final int ADDRESSES = 16;
    private static final int AGEING_SECONDS = 300;
    private static final Duration SPIN = Duration.ofNanos(50_000);

    private static final FrontEndSettings PACKED =
            FrontEndSettings.MODERN.with(Feature.VIRTIO_F_RING_PACKED, Feature.VIRTIO_F_IN_ORDER);

    private WarmUp() {}

    /**
     * Whether a front end lives that a port's state file tells of: it was connected to a switch before this one, and wants it back.
     *
     * @param state need not exist
     */
    public static boolean isGuestWaiting(Path state) {
        try {
            return OfferState.read(state).stream()
                    .flatMap(known -> known.holders().stream())
                    .flatMap(holder -> holder.process().stream())
                    .anyMatch(PeerProcess::isAlive);
        } catch (IOException e) {
            return false; // the port will say what is wrong with its file
        }
    }

    /**
     * Lets frames pass for so long. Takes about a processor.
     *
     * @return how many arrived
     * @throws IllegalStateException if the switch cannot start
     */
    @SuppressWarnings("ThreadPriorityCheck") // there may be one processor for guests, worker and compiler
    public static long run(Duration duration) throws InterruptedException {
        WorkerSettings worker = new WorkerSettings(
                new IdlePolicy.Adaptive(SPIN),
                OptionalInt.empty(),
                WorkerSettings.DEFAULT_FRAME_BUDGET,
                WorkerSettings.DEFAULT_BYTE_BUDGET);
        try (Switchboard board = Switchboard.start(
                        List.of(worker), Waiters.AUTO.factory(), new MacTable(ADDRESSES, AGEING_SECONDS));
                WarmUpGuest one = new WarmUpGuest(1, 2, FrontEndSettings.MODERN);
                WarmUpGuest other = new WarmUpGuest(2, 1, PACKED)) {
            one.plugInto(board);
            other.plugInto(board);
            long end = System.nanoTime() + duration.toNanos();
            long arrived = 0;
            while (System.nanoTime() < end && !Thread.currentThread().isInterrupted()) {
                one.send();
                other.send();
                arrived += one.take() + other.take();
                Thread.yield();
            }
            return arrived;
        } catch (RefusedException e) {
            throw new IllegalStateException("a device refuses what every guest asks for", e);
        }
    }
}
