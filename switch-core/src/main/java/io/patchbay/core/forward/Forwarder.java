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

    /** The bytes of a frame's second word that belong to its source address. */
    private static final long SOURCE_IN_HEAD1 = 0xffff_ffffL;

    private final MacTable macs;
    /** Where the runs of a burst's frames begin that are of one pair of addresses; and of each, where the searches for the two begin. */
    private final int[] runStart = new int[Burst.CAPACITY + 1];

    private final int[] sourceHome = new int[Burst.CAPACITY];
    private final int[] destinationHome = new int[Burst.CAPACITY];
    private int runs;

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
        touched = findRuns(burst);
        long lastSource = NO_ADDRESS;
        for (int run = 0; run < runs; run++) {
            int frame = runStart[run];
            int end = runStart[run + 1];
            long source = burst.source(frame);
            if (source != lastSource) {
                if (!MacAddress.isValidSource(source)) {
                    counters.drop(DropReason.INVALID_SOURCE, end - frame);
                    continue;
                }
                if (!policy.allowsSource(source)) {
                    counters.drop(DropReason.SPOOFED_SOURCE, end - frame);
                    continue;
                }
                macs.learn(source, from, sourceHome[run]);
                lastSource = source;
            }
            long destination = burst.destination(frame);
            int port =
                    MacAddress.isGroup(destination) ? MacTable.UNKNOWN : macs.portOf(destination, destinationHome[run]);
            if (port == from) {
                counters.drop(DropReason.SAME_PORT, end - frame);
            } else if (port != MacTable.UNKNOWN) {
                routes.addRun(port, frame, end);
            } else if (MacAddress.isReserved(destination)) {
                counters.drop(DropReason.RESERVED_ADDRESS, end - frame);
            } else {
                flood(frame, end, from, floodPorts, policy, routes, counters);
            }
        }
    }

    /**
     * Finds runs of frames of one pair of addresses: a burst is mostly one conversation. What the table has of them is fetched, in a sweep of its own that
     * does nothing else: the fewer instructions between two misses, the more of them are waited for together.
     */
    private long findRuns(Burst burst) {
        int found = 0;
        long last0 = 0;
        long last1 = 0;
        int n = burst.count();
        for (int frame = 0; frame < n; frame++) {
            long head0 = burst.head0(frame);
            long head1 = burst.head1(frame) & SOURCE_IN_HEAD1;
            if (head0 != last0 || head1 != last1 || frame == 0) {
                int source = macs.home(burst.source(frame));
                int destination = macs.home(burst.destination(frame));
                runStart[found] = frame;
                sourceHome[found] = source;
                destinationHome[found] = destination;
                found++;
                last0 = head0;
                last1 = head1;
            }
        }
        runStart[found] = n;
        runs = found;
        return macs.touch(sourceHome, found) + macs.touch(destinationHome, found);
    }

    private static void flood(
            int first,
            int end,
            int from,
            int[] floodPorts,
            IngressPolicy policy,
            Routes routes,
            QueueCounters counters) {
        for (int frame = first; frame < end; frame++) {
            if (policy.takeFlood()) {
                flood(frame, from, floodPorts, routes, counters);
            } else {
                counters.drop(DropReason.FLOOD_LIMIT, 1);
            }
        }
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
