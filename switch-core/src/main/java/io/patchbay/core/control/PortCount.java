package io.patchbay.core.control;

import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.QueueCounters.Count;
import java.util.Locale;

/** What the metrics {@code patchbay_port_*_total} count of a port: a sum over its queues, those it receives by, those it transmits by, or both. */
enum PortCount {
    RECEIVE_FRAMES(Queues.RECEIVE, Count.FRAMES, "Frames received from the guest or uplink."),
    RECEIVE_BYTES(Queues.RECEIVE, Count.BYTES, "Bytes received from the guest or uplink."),
    TRANSMIT_FRAMES(Queues.TRANSMIT, Count.FRAMES, "Frames delivered to the guest or uplink."),
    TRANSMIT_BYTES(Queues.TRANSMIT, Count.BYTES, "Bytes delivered to the guest or uplink."),
    FLOOD_COPIES(
            Queues.RECEIVE, Count.FLOOD_COPIES, "Deliveries beyond the first that floods of received frames caused."),
    SOFTWARE_CHECKSUMS(
            Queues.TRANSMIT, Count.SOFTWARE_CHECKSUMS, "Delivered frames whose checksum was completed in software."),
    SOFTWARE_SEGMENTED(Queues.TRANSMIT, Count.SOFTWARE_SEGMENTED, "Delivered frames that were segmented in software."),
    SOFTWARE_SEGMENTS(
            Queues.TRANSMIT, Count.SOFTWARE_SEGMENTS, "Segments made in software that the guest or uplink took."),
    HELD_FRAMES(
            Queues.TRANSMIT,
            Count.HELD,
            "Frames that had to wait in their sender's queue because the uplink was full."),
    STALLS(Queues.TRANSMIT, Count.STALLS, "How many times the uplink became full."),
    KICKS(Queues.RECEIVE, Count.KICKS, "Wake-ups received from the guest."),
    CALLS(Queues.BOTH, Count.CALLS, "Notifications sent to the guest."),
    CALLS_SUPPRESSED(Queues.BOTH, Count.CALLS_SUPPRESSED, "Notifications the guest did not want.");

    private enum Queues {
        RECEIVE,
        TRANSMIT,
        BOTH
    }

    private final Queues queues;
    private final Count count;
    private final String help;

    PortCount(Queues queues, Count count, String help) {
        this.queues = queues;
        this.count = count;
        this.help = help;
    }

    /** What is between {@code patchbay.port.} and {@code .total} in the metric's name. */
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '.');
    }

    String help() {
        return help;
    }

    long of(PortCounters counters) {
        long received = Views.sum(counters.receive(), queue -> queue.get(count));
        long transmitted = Views.sum(counters.transmit(), queue -> queue.get(count));
        return switch (queues) {
            case RECEIVE -> received;
            case TRANSMIT -> transmitted;
            case BOTH -> received + transmitted;
        };
    }
}
