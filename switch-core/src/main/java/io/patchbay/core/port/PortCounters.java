package io.patchbay.core.port;

import java.util.ArrayList;
import java.util.List;

/** The counters of a port: one {@link QueueCounters} per queue and direction, made when first asked for and kept for good. */
public final class PortCounters {

    private final List<QueueCounters> receive = new ArrayList<>();
    private final List<QueueCounters> transmit = new ArrayList<>();

    /** Counters of frames that came in from the port through its queue {@code queue}, 0 to 65535. */
    public synchronized QueueCounters receive(int queue) {
        return at(receive, queue);
    }

    /** Counters of frames that went out to the port through its queue {@code queue}, 0 to 65535. */
    public synchronized QueueCounters transmit(int queue) {
        return at(transmit, queue);
    }

    /** All receive queues asked for so far, by number. */
    public synchronized List<QueueCounters> receive() {
        return List.copyOf(receive);
    }

    /** All transmit queues asked for so far, by number. */
    public synchronized List<QueueCounters> transmit() {
        return List.copyOf(transmit);
    }

    private static QueueCounters at(List<QueueCounters> counters, int queue) {
        while (counters.size() <= queue) {
            counters.add(new QueueCounters());
        }
        return counters.get(queue);
    }
}
