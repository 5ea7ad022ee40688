package io.patchbay.core.worker;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.TestFrames;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.QuietPort;
import io.patchbay.core.port.ReceiveQueue;
import io.patchbay.core.port.Transmitter;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** A port that says its own address and then sends numbered frames, in a queue that can take them back; what it gets it counts. */
class NumberedSender extends QuietPort implements ReceiveQueue, Transmitter {

    private final int frameBytes;
    final PortCounters counters = new PortCounters();
    private final List<byte[]> frames = new ArrayList<>();
    final EventFd kick = EventFd.create();
    int next;
    private int taken;

    /** Frames handed over and given back: all before this. */
    volatile int released;

    NumberedSender(int frameBytes) {
        this.frameBytes = frameBytes;
    }

    synchronized void send(long from, long... destinations) {
        for (long to : destinations) {
            byte[] frame = TestFrames.frame(to, from, frameBytes, new Random(1));
            ByteBuffer.wrap(frame).putInt(14, frames.size());
            frames.add(frame);
        }
        kick.signal();
    }

    @Override
    public synchronized int poll(Burst burst, int limit) {
        taken = Math.min(limit, frames.size() - next);
        for (int i = 0; i < taken; i++) {
            TestFrames.add(burst, frames.get(next + i), new Random(1));
        }
        next += taken;
        counters.receive(0).add(QueueCounters.Count.FRAMES, taken);
        return taken;
    }

    @Override
    public synchronized void release() {
        released = next;
        taken = 0;
    }

    @Override
    public synchronized boolean putBack(int first) {
        next = next - taken + first;
        release();
        return true;
    }

    @Override
    public void transmit(Burst burst, int[] indices, int count) {
        counters.transmit(0).add(QueueCounters.Count.FRAMES, count);
    }

    long delivered() {
        return counters.transmit(0).get(QueueCounters.Count.FRAMES);
    }

    @Override
    public int wakeDescriptor() {
        return kick.number();
    }

    @Override
    public synchronized boolean arm() {
        return next < frames.size();
    }

    @Override
    public void disarm() {}

    @Override
    public void clearWakeUp() {
        // Like a tap: readable for as long as there is something to read, and longer.
    }

    @Override
    public QueueCounters counters() {
        return counters.receive(0);
    }

    @Override
    public void fault(Throwable cause) {
        throw new AssertionError(cause);
    }

    @Override
    public void close() {
        kick.close();
    }
}
