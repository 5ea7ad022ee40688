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

    private final Map<Integer, Inlet> inlets = new HashMap<>();
    private final List<Inlet> rang = new ArrayList<>();
    private boolean any;

    /** Forgets all other queues, and what rang so far. */
    void adopt(List<Inlet> watched) {
        forget();
        inlets.clear();
        for (Inlet inlet : watched) {
            inlets.put(inlet.queue().wakeDescriptor(), inlet);
        }
    }

    /**
     * Remembers who rang.
     *
     * @param descriptor was found readable; not of a queue if it is a bell's
     * @return whether it is the first since the last were forgotten
     */
    boolean noteFirst(int descriptor) {
        Inlet inlet = inlets.get(descriptor);
        if (inlet != null) {
            rang.add(inlet);
        }
        boolean first = !any;
        any = true;
        return first;
    }

    /** The queues that rang. */
    List<Inlet> queues() {
        return rang;
    }

    /** Forgets who rang. */
    void forget() {
        rang.clear();
        any = false;
    }
}
