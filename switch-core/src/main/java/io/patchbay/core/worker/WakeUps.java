package io.patchbay.core.worker;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which queues ended a worker's last sleep. Only their descriptors are cleared, by a system call each: one that was rung when nobody slept ends the next
 * sleep at once, and is cleared then.
 *
 * <p>Confined to its worker.
 */
final class WakeUps {

    /** What {@link #note} gives for a descriptor that is not a queue's, but a bell's. */
    static final int NO_QUEUE = -1;

    private final Map<Integer, Integer> places = new HashMap<>();
    private final List<Inlet> rang = new ArrayList<>();
    private List<Inlet> inlets = List.of();

    /** Forgets all other queues, and what rang so far. */
    void adopt(List<Inlet> watched) {
        forget();
        inlets = watched;
        places.clear();
        for (int i = 0; i < watched.size(); i++) {
            places.put(watched.get(i).queue().wakeDescriptor(), i);
        }
    }

    /** Remembers which queue rang, and gives its place among those adopted. */
    int note(int descriptor) {
        int place = places.getOrDefault(descriptor, NO_QUEUE);
        if (place != NO_QUEUE) {
            rang.add(inlets.get(place));
        }
        return place;
    }

    /** The queues that rang. */
    List<Inlet> queues() {
        return rang;
    }

    /** Forgets who rang. */
    void forget() {
        rang.clear();
    }
}
