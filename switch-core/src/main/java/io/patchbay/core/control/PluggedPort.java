package io.patchbay.core.control;

import io.patchbay.core.port.GatedPort;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.pair.Pair;
import io.patchbay.core.worker.Switchboard;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A port of the running daemon.
 *
 * @param counters its own: those of the members of a pair are the members'
 * @param attachment its place in the switch; that of its pair, if it is a member
 * @param pair what it is, if it is a pair
 * @param members what it is made of, if it is a pair
 * @param memberOf the pair it is a member of, if it is
 */
record PluggedPort(
        String name,
        String type,
        GatedPort port,
        PortCounters counters,
        Switchboard.Attachment attachment,
        Optional<Pair> pair,
        List<PluggedPort> members,
        Optional<String> memberOf) {

    /** A port by itself. */
    static PluggedPort of(
            String name, String type, GatedPort port, PortCounters counters, Switchboard.Attachment attachment) {
        return new PluggedPort(name, type, port, counters, attachment, Optional.empty(), List.of(), Optional.empty());
    }

    /** This port as a pair. */
    PluggedPort madeOf(Pair whole, List<PluggedPort> parts) {
        return new PluggedPort(name, type, port, counters, attachment, Optional.of(whole), parts, Optional.empty());
    }

    /** A member of this port. */
    PluggedPort member(Pair.Member part, String partType) {
        return new PluggedPort(
                part.name(),
                partType,
                part.port(),
                part.counters(),
                attachment,
                Optional.empty(),
                List.of(),
                Optional.of(name));
    }

    /** Counters of all that came in by it, through members or not. */
    List<QueueCounters> received() {
        return Stream.concat(
                        counters.receive().stream(),
                        members.stream().flatMap(member -> member.counters.receive().stream()))
                .toList();
    }

    /** Counters of all that went out by it, through members or not. */
    List<QueueCounters> delivered() {
        return Stream.concat(
                        counters.transmit().stream(),
                        members.stream().flatMap(member -> member.counters.transmit().stream()))
                .toList();
    }
}
