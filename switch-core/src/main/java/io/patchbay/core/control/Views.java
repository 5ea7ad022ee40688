package io.patchbay.core.control;

import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.PortStatus;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.worker.Switchboard;
import io.patchbay.core.worker.WorkerCounters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;

/**
 * What operators see of the switch, as records that become JSON. Directions are the switch's: it receives from a guest or uplink, and transmits
 * to one.
 */
final class Views {

    /**
     * One line of {@code port list}.
     *
     * @param admin {@code up}, or {@code down} if the operator or the configuration has shut the port
     * @param state {@code up} if frames can pass
     * @param memberOf the pair it is a member of, or empty
     * @param received of a pair what its members received, too; the same goes for the others
     */
    record PortLine(
            String name,
            String type,
            String admin,
            String state,
            String reason,
            String memberOf,
            Traffic received,
            Traffic delivered,
            long dropped) {}

    /** One port of {@code port show}. */
    record PortDetail(
            String name, String type, String admin, String state, String reason, String memberOf, Record details) {}

    record Traffic(long frames, long bytes) {}

    /** @param held whether the address stays there for having moved too often */
    record FdbLine(String address, String port, int ageSeconds, boolean held) {}

    record QueueLine(
            int queue,
            Traffic received,
            Traffic delivered,
            long floodCopies,
            long kicks,
            long calls,
            long callsSuppressed,
            long softwareChecksums,
            long softwareSegmented,
            long softwareSegments,
            long held,
            long stalls,
            long dropped) {}

    record PortStats(String port, List<QueueLine> queues) {}

    record Stats(Totals totals, List<PortStats> ports) {}

    record DropLine(String port, String direction, String reason, long frames, String explanation) {}

    record WorkerLine(int worker, String waiter, Map<String, Long> counters) {}

    /** In place of a port's name: of frames that came from none. */
    private static final String NO_PORT = "-";

    private Views() {}

    static PortLine line(PluggedPort port) {
        PortStatus status = port.port().status();
        return new PortLine(
                port.name(),
                port.type(),
                upOrDown(port.port().isEnabled()),
                upOrDown(status.up()),
                status.reason(),
                port.memberOf().orElse(""),
                traffic(port.received()),
                traffic(port.delivered()),
                sum(port.received(), QueueCounters::dropped) + sum(port.delivered(), QueueCounters::dropped));
    }

    static PortDetail detail(PluggedPort port) {
        PortStatus status = port.port().status();
        return new PortDetail(
                port.name(),
                port.type(),
                upOrDown(port.port().isEnabled()),
                upOrDown(status.up()),
                status.reason(),
                port.memberOf().orElse(""),
                port.port().details());
    }

    private static String upOrDown(boolean up) {
        return up ? "up" : "down";
    }

    static Traffic traffic(List<QueueCounters> queues) {
        return new Traffic(
                sum(queues, q -> q.get(QueueCounters.Count.FRAMES)),
                sum(queues, q -> q.get(QueueCounters.Count.BYTES)));
    }

    static long sum(List<QueueCounters> queues, ToLongFunction<QueueCounters> what) {
        return queues.stream().mapToLong(what).sum();
    }

    static Stats stats(List<PluggedPort> ports, Switchboard board) {
        long received = 0;
        long copies = 0;
        long delivered = 0;
        long dropped = 0;
        for (PluggedPort port : ports) {
            List<QueueCounters> in = port.counters().receive();
            List<QueueCounters> out = port.counters().transmit();
            received += traffic(in).frames();
            copies += sum(in, q -> q.get(QueueCounters.Count.FLOOD_COPIES));
            delivered += traffic(out).frames();
            dropped += sum(in, QueueCounters::dropped) + sum(out, QueueCounters::dropped);
        }
        List<QueueCounters> injected = injected(board);
        return new Stats(
                new Totals(
                        received,
                        traffic(injected).frames(),
                        copies + sum(injected, q -> q.get(QueueCounters.Count.FLOOD_COPIES)),
                        delivered,
                        dropped + sum(injected, QueueCounters::dropped)),
                ports.stream().map(Views::portStats).toList());
    }

    /** Counters of frames that no queue has received. */
    private static List<QueueCounters> injected(Switchboard board) {
        return board.workers().stream().map(Switchboard.WorkerView::injected).toList();
    }

    private static PortStats portStats(PluggedPort port) {
        List<QueueCounters> in = port.counters().receive();
        List<QueueCounters> out = port.counters().transmit();
        QueueCounters none = new QueueCounters();
        List<QueueLine> lines = new ArrayList<>();
        for (int q = 0; q < Math.max(in.size(), out.size()); q++) {
            QueueCounters i = q < in.size() ? in.get(q) : none;
            QueueCounters o = q < out.size() ? out.get(q) : none;
            lines.add(new QueueLine(
                    q,
                    traffic(List.of(i)),
                    traffic(List.of(o)),
                    i.get(QueueCounters.Count.FLOOD_COPIES),
                    i.get(QueueCounters.Count.KICKS),
                    i.get(QueueCounters.Count.CALLS) + o.get(QueueCounters.Count.CALLS),
                    i.get(QueueCounters.Count.CALLS_SUPPRESSED) + o.get(QueueCounters.Count.CALLS_SUPPRESSED),
                    o.get(QueueCounters.Count.SOFTWARE_CHECKSUMS),
                    o.get(QueueCounters.Count.SOFTWARE_SEGMENTED),
                    o.get(QueueCounters.Count.SOFTWARE_SEGMENTS),
                    o.get(QueueCounters.Count.HELD),
                    o.get(QueueCounters.Count.STALLS),
                    i.dropped() + o.dropped()));
        }
        return new PortStats(port.name(), lines);
    }

    static List<DropLine> drops(List<PluggedPort> ports, Switchboard board) {
        List<DropLine> lines = new ArrayList<>();
        for (PluggedPort port : ports) {
            addDrops(lines, port.name(), "receive", port.counters().receive());
            addDrops(lines, port.name(), "transmit", port.counters().transmit());
        }
        addDrops(lines, NO_PORT, "injected", injected(board));
        return lines;
    }

    private static void addDrops(List<DropLine> lines, String port, String direction, List<QueueCounters> queues) {
        for (DropReason reason : DropReason.values()) {
            long frames = sum(queues, q -> q.dropped(reason));
            if (frames > 0) {
                lines.add(new DropLine(port, direction, reason.label(), frames, reason.explanation()));
            }
        }
    }

    static List<WorkerLine> workers(Switchboard board) {
        return board.workers().stream()
                .map(worker -> new WorkerLine(
                        worker.number(),
                        worker.waiter(),
                        Arrays.stream(WorkerCounters.Count.values())
                                .collect(Collectors.toMap(
                                        count -> count.name().toLowerCase(Locale.ROOT),
                                        count -> worker.counters().get(count)))))
                .toList();
    }
}
