package io.patchbay.core.port.pair;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.ReceiveQueue;

/** The queue of a member that is not in use: what comes in is read, counted and dropped. */
record BackupQueue(ReceiveQueue queue) implements ReceiveQueue {

    @Override
    public int poll(Burst burst, int limit) {
        int taken = queue.poll(burst, limit);
        if (burst.count() > 0) {
            queue.counters().drop(DropReason.BACKUP_LINK, burst.count());
            burst.clear();
        }
        return taken;
    }

    @Override
    public void release() {
        queue.release();
    }

    @Override
    public int wakeDescriptor() {
        return queue.wakeDescriptor();
    }

    @Override
    public boolean arm() {
        return queue.arm();
    }

    @Override
    public void disarm() {
        queue.disarm();
    }

    @Override
    public void clearWakeUp() {
        queue.clearWakeUp();
    }

    @Override
    public QueueCounters counters() {
        return queue.counters();
    }
}
