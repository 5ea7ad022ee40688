package io.patchbay.vhost.net;

import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortStatus;
import io.patchbay.core.port.QueueCounters;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says how the virtqueues of a device stand, and why those that do not run do not. Confined to the device's lock. */
final class QueueStandings {

    private static final Logger LOG = LoggerFactory.getLogger(QueueStandings.class);

    private final PortContext context;
    private final Vring[] vrings;
    private final RunningQueues running;

    QueueStandings(PortContext context, Vring[] vrings, RunningQueues running) {
        this.context = context;
        this.vrings = vrings;
        this.running = running;
    }

    PortStatus status() {
        String why = whyNotAll();
        if (running.transmittingCount() == 0 && running.receivingCount() == 0) {
            return PortStatus.down(why);
        }
        if (!anyBuffer()) {
            return PortStatus.down(
                    "the queues run, but the guest has never posted a buffer: its interface is down, or its"
                            + " memory is not shared (in QEMU: a memory backend with share=on)");
        }
        if (running.transmittingCount() > 0 && running.receivingCount() > 0) {
            return PortStatus.up(running.transmittingCount() + " transmit and " + running.receivingCount()
                    + " receive queues run" + (troubles().isEmpty() ? "" : "; " + troubles()));
        }
        return PortStatus.up(
                "only the guest's " + (running.receivingCount() == 0 ? "transmit" : "receive") + " queue runs; " + why);
    }

    private String whyNotAll() {
        if (!troubles().isEmpty()) {
            return troubles();
        }
        return IntStream.range(0, vrings.length).anyMatch(index -> vrings[index].started() && !running.runs(index))
                ? "disabled: the front end has not enabled its queues, or the guest is paused"
                : "ring not started: the guest's driver is not there yet";
    }

    private String troubles() {
        return IntStream.range(0, vrings.length)
                .filter(index -> !trouble(index).isEmpty())
                .mapToObj(index -> "vring " + index + ": " + trouble(index))
                .collect(Collectors.joining("; "));
    }

    private String trouble(int index) {
        return running.isBroken(index) ? RunningQueues.BROKEN : vrings[index].trouble();
    }

    /** Whether any ring that runs was ever written by its guest, as far as its first descriptor tells. */
    @SuppressWarnings("ThreadPriorityCheck") // not to let others run
    private boolean anyBuffer() {
        try {
            boolean any =
                    IntStream.range(0, vrings.length).filter(running::runs).anyMatch(this::isTouched);
            // Compiled code would report memory that has gone to whoever called us, at some later time, but not past a
            // return from native code.
            Thread.yield();
            return any;
        } catch (InternalError e) {
            // A worker will notice and end the port, and it is not for this look to judge.
            LOG.debug("guest memory cannot be looked at", e);
            return true;
        }
    }

    private boolean isTouched(int index) {
        MemorySegment table = running.descriptors(index);
        return table.get(ValueLayout.JAVA_LONG_UNALIGNED, 0) != 0
                || table.get(ValueLayout.JAVA_LONG_UNALIGNED, Long.BYTES) != 0;
    }

    /** @param beginEnabled whether a ring of which the front end has not said so is enabled */
    List<VhostDetails.Queue> view(boolean beginEnabled) {
        List<VhostDetails.Queue> queues = new ArrayList<>();
        for (int index = 0; index < vrings.length; index++) {
            Vring vring = vrings[index];
            if (vring.size() > 0) {
                String state = !trouble(index).isEmpty()
                        ? trouble(index)
                        : running.runs(index) ? "running" : vring.started() ? "disabled" : "not started";
                QueueCounters counters = QueueMaker.isReceive(index)
                        ? context.counters().transmit(index / 2)
                        : context.counters().receive(index / 2);
                queues.add(new VhostDetails.Queue(
                        index,
                        QueueMaker.isReceive(index) ? "to guest" : "from guest",
                        vring.size(),
                        vring.enabledOr(beginEnabled),
                        state,
                        counters.get(QueueCounters.Count.KICKS),
                        counters.get(QueueCounters.Count.CALLS),
                        counters.get(QueueCounters.Count.CALLS_SUPPRESSED)));
            }
        }
        return List.copyOf(queues);
    }
}
