package io.patchbay.core.worker;

import io.patchbay.core.port.ReceiveQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * All ports and who polls what, at one moment. Immutable; a newer one has a higher generation.
 *
 * @param plugs by port index; empty where an index is free
 */
record Topology(long generation, List<Optional<Plug>> plugs) {

    static final Topology EMPTY = new Topology(0, List.of());

    Topology {
        plugs = List.copyOf(plugs);
    }

    List<Plug> present() {
        return plugs.stream().flatMap(Optional::stream).toList();
    }

    /** The queues of one of {@code workers} workers. */
    List<Inlet> inlets(int worker, int workers) {
        List<Inlet> mine = new ArrayList<>();
        present().forEach(plug -> {
            for (int q = 0; q < plug.receive().size(); q++) {
                // A queue stays with its worker whatever comes and goes elsewhere, and the queues of a port are spread.
                if (owner(plug.index(), q, workers) == worker) {
                    var queue = plug.receive().get(q);
                    mine.add(new Inlet(plug, queue, queue.counters()));
                }
            }
        });
        return mine;
    }

    private static int owner(int port, int queue, int workers) {
        return (port + queue) % workers;
    }

    /**
     * Whether with another offer of a port's a queue that it offers now gets another place, and with it another worker: one that has adopted that offer polls
     * it while the one before has not let go of it yet.
     */
    boolean handsOver(Plug next, int workers) {
        List<ReceiveQueue> now = plugs.get(next.index()).map(Plug::receive).orElse(List.of());
        return IntStream.range(0, next.receive().size()).anyMatch(place -> {
            int before = now.indexOf(next.receive().get(place));
            return before >= 0 && owner(next.index(), before, workers) != owner(next.index(), place, workers);
        });
    }

    /** Ports that take part in floods. */
    int[] floodPorts() {
        return IntStream.range(0, plugs.size())
                .filter(i -> plugs.get(i).map(Plug::floods).orElse(false))
                .toArray();
    }

    /** Ports for which frames may have to wait. */
    int[] holders() {
        return IntStream.range(0, plugs.size())
                .filter(i -> plugs.get(i).map(Plug::holds).orElse(false))
                .toArray();
    }
}
