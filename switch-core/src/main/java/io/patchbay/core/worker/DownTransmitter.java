package io.patchbay.core.worker;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.Transmitter;

/** The way out to a port that is not there: frames are counted and dropped, by several workers at once. */
record DownTransmitter(QueueCounters counters) implements Transmitter {

    @Override
    public void transmit(Burst burst, int[] frames, int count) {
        drop(count);
    }

    void drop(int count) {
        counters.lostOnTheWay(count);
    }
}
