package io.patchbay.core.worker;

import java.util.List;

/**
 * A topology as one worker sees it.
 *
 * @param inlets the queues it serves
 */
record View(Topology topology, List<Inlet> inlets) {

    static final View EMPTY = new View(Topology.EMPTY, List.of());

    static View of(Topology topology, int worker, int workers) {
        return new View(topology, List.copyOf(topology.inlets(worker, workers)));
    }
}
