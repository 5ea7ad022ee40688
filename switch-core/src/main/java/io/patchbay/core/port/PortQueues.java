package io.patchbay.core.port;

import java.util.List;
import java.util.Optional;

/**
 * What a port offers the workers at the moment.
 *
 * @param receive queues to poll; each is given to one worker
 * @param transmitter the way out, or empty while the port takes no frames: they are then dropped as {@link DropReason#PORT_DOWN}, and
 *     floods pass it by
 */
public record PortQueues(List<ReceiveQueue> receive, Optional<Transmitter> transmitter) {

    /** A port that neither sends nor receives. */
    public static final PortQueues NONE = new PortQueues(List.of(), Optional.empty());

    public PortQueues {
        receive = List.copyOf(receive);
    }
}
