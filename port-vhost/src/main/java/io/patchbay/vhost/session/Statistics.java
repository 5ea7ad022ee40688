package io.patchbay.vhost.session;

import io.patchbay.core.linux.UnixSocket;
import java.util.Optional;

/**
 * How a port's conversations went. Immutable.
 *
 * @param connects conversations begun
 * @param disconnects conversations ended
 * @param turnedAway front ends that came while another was being served
 * @param keptWaiting times that front ends had to wait for having cost too much processor time
 * @param refused requests that were refused, declined or unknown, in all conversations
 * @param lastRefusal the last of these, and why
 * @param peer the process being served
 * @param lastEnd why the last conversation ended
 */
public record Statistics(
        long connects,
        long disconnects,
        long turnedAway,
        long keptWaiting,
        long refused,
        String lastRefusal,
        Optional<UnixSocket.Peer> peer,
        String lastEnd) {

    static final Statistics NONE = new Statistics(0, 0, 0, 0, 0, "none yet", Optional.empty(), "none yet");

    Statistics connected(UnixSocket.Peer who) {
        return new Statistics(
                connects + 1, disconnects, turnedAway, keptWaiting, refused, lastRefusal, Optional.of(who), lastEnd);
    }

    Statistics ended(String why) {
        return new Statistics(
                connects, disconnects + 1, turnedAway, keptWaiting, refused, lastRefusal, Optional.empty(), why);
    }

    Statistics turnedOneAway() {
        return new Statistics(connects, disconnects, turnedAway + 1, keptWaiting, refused, lastRefusal, peer, lastEnd);
    }

    Statistics keptWaitingOnceMore() {
        return new Statistics(connects, disconnects, turnedAway, keptWaiting + 1, refused, lastRefusal, peer, lastEnd);
    }

    Statistics refused(long more, String last) {
        return new Statistics(connects, disconnects, turnedAway, keptWaiting, refused + more, last, peer, lastEnd);
    }
}
