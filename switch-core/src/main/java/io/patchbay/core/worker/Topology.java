package io.patchbay.core.worker;

import io.patchbay.core.port.ReceiveQueue;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
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

    /** The next one, in which a port is replaced by what it is now, or by nothing. */
    Topology next(int index, Optional<Plug> plug) {
        List<Optional<Plug>> changed = new ArrayList<>(plugs);
        if (index == changed.size()) {
            changed.add(plug);
        } else {
            changed.set(index, plug);
        }
        return new Topology(generation + 1, changed);
    }

    /** The next one, in which nothing is different. */
    Topology next() {
        return new Topology(generation + 1, plugs);
    }

    /** The lowest index that no port has. */
    int firstFree() {
        int free = plugs.indexOf(Optional.<Plug>empty());
        return free < 0 ? plugs.size() : free;
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
    boolean handsOver(int port, List<ReceiveQueue> next, int workers) {
        List<ReceiveQueue> now = plugs.get(port).map(Plug::receive).orElse(List.of());
        return IntStream.range(0, next.size()).anyMatch(place -> {
            int before = now.indexOf(next.get(place));
            return before >= 0 && owner(port, before, workers) != owner(port, place, workers);
        });
    }

    /** Ports that take part in floods. */
    int[] floodPorts() {
        return portsThat(Plug::floods);
    }

    /** Ports for which frames may have to wait. */
    int[] holders() {
        return portsThat(Plug::holds);
    }

    private int[] portsThat(Predicate<Plug> test) {
        return present().stream().filter(test).mapToInt(Plug::index).toArray();
    }
}
