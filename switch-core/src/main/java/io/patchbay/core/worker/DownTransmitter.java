package io.patchbay.core.worker;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.SpinLock;
import io.patchbay.core.port.Transmitter;

/** The way out to a port that is not there: frames are counted and dropped. */
final class DownTransmitter implements Transmitter {

    // Several workers may drop at once, and the counters have one writer at a time.
    private final SpinLock lock = new SpinLock();
    private final QueueCounters counters;

    DownTransmitter(QueueCounters counters) {
        this.counters = counters;
    }

    @Override
    public void transmit(Burst burst, int[] frames, int count) {
        drop(count);
    }

    void drop(int count) {
        lock.lock();
        try {
            counters.drop(DropReason.PORT_DOWN, count);
        } finally {
            lock.unlock();
        }
    }
}
