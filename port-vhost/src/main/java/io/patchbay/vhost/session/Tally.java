package io.patchbay.vhost.session;

import io.patchbay.core.linux.UnixSocket;
import java.util.function.UnaryOperator;

/**
 * Counts how a port's conversations go, and says it in the log; what front ends can bring about as often as they like, only when its number has doubled.
 *
 * <p>Counted by the session's thread; {@link #statistics} may be asked by any.
 */
final class Tally {

    private final PortLog log;
    private volatile Statistics statistics = Statistics.NONE;

    Tally(PortLog log) {
        this.log = log;
    }

    Statistics statistics() {
        return statistics;
    }

    void connected(UnixSocket.Peer peer) {
        update(s -> s.connected(peer));
        log.info("front end connected, pid " + peer.pid() + ", uid " + peer.uid());
    }

    void ended(String reason) {
        update(s -> s.ended(reason));
        log.info("front end disconnected: " + reason);
    }

    /** Some more requests were refused; the session has said so. */
    void refused(long more, String lastComplaint) {
        update(s -> s.refused(more, lastComplaint));
    }

    void turnedAway(UnixSocket socket) {
        update(Statistics::turnedOneAway);
        long count = statistics.turnedAway();
        if (hasDoubled(count)) {
            log.warn("turned away a second front end, pid " + socket.peer().pid() + " (" + count + " so far)");
        }
    }

    void keptWaiting() {
        update(Statistics::keptWaitingOnceMore);
        long count = statistics.keptWaiting();
        if (hasDoubled(count)) {
            log.warn("front ends cost more processor time than they may, and are kept waiting (" + count
                    + " times so far)");
        }
    }

    private static boolean hasDoubled(long count) {
        return Long.bitCount(count) == 1;
    }

    private void update(UnaryOperator<Statistics> change) {
        statistics = change.apply(statistics);
    }
}
