package io.patchbay.core.forward;

import static io.patchbay.core.port.QueueCounters.Count.FLOODED;
import static io.patchbay.core.port.QueueCounters.Count.FLOOD_COPIES;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.MacAddress;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;

/**
 * Learns from a burst and routes it, as if its frames came one by one. One per worker; shares only the {@link MacTable}.
 *
 * <p>In sweeps over the burst: what nearly all frames need, a source that is known and a destination, is done for all of them in loops without any call,
 * and only what is left frame by frame.
 */
public final class Forwarder {

    /** A bit for each run, and for those that there are not. */
    private static final long ALL = -1;

    private final MacTable macs;
    private final Runs runs = new Runs();
    private final int[] ports = new int[Burst.CAPACITY];

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
        runs.find(burst, macs);
        int n = runs.count();
        // First in loops that do nothing else: the fewer instructions between two misses, the more of them are waited
        // for together.
        touched = macs.touch(runs.sourceHome, n) + macs.touch(runs.destinationHome, n);
        long unheard = policy.limitsSources() ? ALL : macs.hearAll(runs.source, runs.sourceHome, n, from);
        macs.portsOf(runs.destination, runs.destinationHome, n, ports);
        boolean changed = false;
        for (int run = 0; run < n; run++) {
            if ((unheard & 1L << run) != 0) {
                if (!maySend(run, policy, counters)) {
                    continue;
                }
                changed |= macs.learn(runs.source[run], from, runs.sourceHome[run]);
            }
            // What was learnt since may be that destination.
            int port = changed ? macs.portOf(runs.destination[run], runs.destinationHome[run]) : ports[run];
            if (port == from) {
                counters.drop(DropReason.SAME_PORT, runs.frames(run));
            } else if (port != MacTable.UNKNOWN) {
                routes.addRun(port, runs.first[run], runs.first[run + 1]);
            } else if (MacAddress.isReserved(runs.destination[run])) {
                counters.drop(DropReason.RESERVED_ADDRESS, runs.frames(run));
            } else {
                flood(runs.first[run], runs.first[run + 1], from, floodPorts, policy, routes, counters);
            }
        }
    }

    /** Whether a run's source may send on that port; if not, its frames are counted. */
    private boolean maySend(int run, IngressPolicy policy, QueueCounters counters) {
        long source = runs.source[run];
        if (!MacAddress.isValidSource(source)) {
            counters.drop(DropReason.INVALID_SOURCE, runs.frames(run));
            return false;
        }
        if (!policy.allowsSource(source)) {
            counters.drop(DropReason.SPOOFED_SOURCE, runs.frames(run));
            return false;
        }
        return true;
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
