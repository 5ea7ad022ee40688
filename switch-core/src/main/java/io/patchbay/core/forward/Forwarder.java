package io.patchbay.core.forward;

import static io.patchbay.core.port.QueueCounters.Count.FLOODED;
import static io.patchbay.core.port.QueueCounters.Count.FLOOD_COPIES;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.MacAddress;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;

/** Learns from a burst and routes it. One per worker; shares only the {@link MacTable}. */
public final class Forwarder {

    /** Neither an address nor something equal to one. */
    private static final long NO_ADDRESS = -1;

    private final MacTable macs;
    /** Of the frames of a burst: where the searches for their addresses begin. */
    private final int[] sourceHome = new int[Burst.CAPACITY];

    private final int[] destinationHome = new int[Burst.CAPACITY];

    @SuppressWarnings("unused") // written so that what it is made of has to be read
    private long touched;

    public Forwarder(MacTable macs) {
        this.macs = macs;
    }

    /**
     * Routes every frame of a burst, or counts why it goes nowhere.
     *
     * @param from the port the burst came from
     * @param floodPorts ports that take part in floods; {@code from} is passed over
     * @param policy of the port the burst came from
     * @param routes the burst was {@linkplain Routes#begin begun} there, which has room for every port
     * @param counters of the receiving queue
     */
    public void route(
            Burst burst, int from, int[] floodPorts, IngressPolicy policy, Routes routes, QueueCounters counters) {
        touched = touch(burst);
        // A burst is mostly one conversation: remembering the last pair saves most look-ups.
        long lastSource = NO_ADDRESS;
        long lastDestination = NO_ADDRESS;
        int lastPort = MacTable.UNKNOWN;
        for (int frame = 0, n = burst.count(); frame < n; frame++) {
            long source = burst.source(frame);
            if (source != lastSource) {
                if (!MacAddress.isValidSource(source)) {
                    counters.drop(DropReason.INVALID_SOURCE, 1);
                    continue;
                }
                if (!policy.allowsSource(source)) {
                    counters.drop(DropReason.SPOOFED_SOURCE, 1);
                    continue;
                }
                macs.learn(source, from, sourceHome[frame]);
                lastSource = source;
                lastDestination = NO_ADDRESS; // what was learnt just now may be the next frame's destination
            }
            long destination = burst.destination(frame);
            if (destination != lastDestination) {
                lastPort = MacAddress.isGroup(destination)
                        ? MacTable.UNKNOWN
                        : macs.portOf(destination, destinationHome[frame]);
                lastDestination = destination;
            }
            if (lastPort == from) {
                counters.drop(DropReason.SAME_PORT, 1);
            } else if (lastPort != MacTable.UNKNOWN) {
                routes.add(lastPort, frame);
            } else if (MacAddress.isReserved(destination)) {
                counters.drop(DropReason.RESERVED_ADDRESS, 1);
            } else if (!policy.takeFlood()) {
                counters.drop(DropReason.FLOOD_LIMIT, 1);
            } else {
                flood(frame, from, floodPorts, routes, counters);
            }
        }
    }

    /** Finds out where the searches for a burst's addresses begin, and fetches what stands there, once for each run of frames of one conversation. */
    private long touch(Burst burst) {
        long sum = 0;
        long last0 = 0;
        long last1 = 0;
        int source = 0;
        int destination = 0;
        for (int frame = 0, n = burst.count(); frame < n; frame++) {
            long head0 = burst.head0(frame);
            long head1 = burst.head1(frame);
            if (head0 != last0 || head1 != last1) {
                source = macs.home(burst.source(frame));
                destination = macs.home(burst.destination(frame));
                sum += macs.touch(source) + macs.touch(destination);
                last0 = head0;
                last1 = head1;
            }
            sourceHome[frame] = source;
            destinationHome[frame] = destination;
        }
        return sum;
    }

    private static void flood(int frame, int from, int[] floodPorts, Routes routes, QueueCounters counters) {
        int copies = 0;
        for (int port : floodPorts) {
            if (port != from) {
                routes.add(port, frame);
                copies++;
            }
        }
        if (copies == 0) {
            counters.drop(DropReason.NO_DESTINATION, 1);
            return;
        }
        routes.setFlooded(frame);
        counters.add(FLOODED, 1);
        counters.add(FLOOD_COPIES, copies - 1);
    }
}
