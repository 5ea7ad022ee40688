package io.patchbay.core.port;

import static io.patchbay.core.port.QueueCounters.Count.HELD;
import static io.patchbay.core.port.QueueCounters.Count.STALLS;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.linux.RoomBell;
import java.util.Optional;

/**
 * The writing side of an uplink: any worker's, one at a time, and only while it is worth trying.
 *
 * <p>The kernel is handed frames where they lie ({@link OutgoingFrames}). A segment that is gone by then is the kernel's to refuse.
 */
public final class UplinkTransmitter implements HoldingTransmitter {

    private final FrameSink sink;
    private final QueueCounters counters;
    private final WhenFull whenFull;
    private final Pressure pressure;
    private final UplinkWriter writer;
    private final SpinLock lock = new SpinLock();

    /** Towards a kernel that takes frames as they are, and so only complete ones. */
    public UplinkTransmitter(FrameSink sink, QueueCounters counters) {
        this(sink, counters, 0, OffloadSet.NOTHING, WhenFull.DROP);
    }

    /**
     * Towards a kernel that expects a virtio-net header before each frame.
     *
     * @param headerBytes of that header, 10 or 12; 0 if it expects none
     * @param takes the {@link OffloadSet} the kernel takes upon itself; nothing without a header
     * @param whenFull what becomes of frames for which there is no room
     */
    public UplinkTransmitter(FrameSink sink, QueueCounters counters, int headerBytes, int takes, WhenFull whenFull) {
        this.sink = sink;
        this.counters = counters;
        this.whenFull = whenFull;
        this.pressure = new Pressure(sink, whenFull.atMost().toNanos());
        this.writer = new UplinkWriter(sink, counters, headerBytes, takes, whenFull, pressure);
    }

    @Override
    public Optional<HoldingTransmitter> holding() {
        return whenFull.hold() ? Optional.of(this) : Optional.empty();
    }

    @Override
    public void transmit(Burst burst, int[] frames, int count) {
        lock.lock();
        try {
            if (pressure.isFull() && !pressure.mayTry(System.nanoTime())) {
                counters.drop(DropReason.UPLINK_FULL, count);
            } else {
                int _ = writer.write(burst, frames, count, false);
            }
        } finally {
            lock.unlock();
        }
    }

    @Override
    public int offer(Burst burst, int[] frames, int count) {
        lock.lock();
        try {
            if (pressure.isFull()) {
                long now = System.nanoTime();
                boolean stuck = pressure.isStuck(now);
                if (!pressure.mayTry(now)) {
                    counters.drop(DropReason.HELD_TOO_LONG, stuck ? count : 0);
                    return stuck ? count : 0;
                }
            }
            int done = writer.write(burst, frames, count, true);
            if (burst.isLast() && pressure.becomeFullWhenIdle(System.nanoTime())) {
                counters.add(STALLS, 1);
            }
            return done;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void held(int frames) {
        lock.lock();
        counters.add(HELD, frames);
        lock.unlock();
    }

    @Override
    public void refuse(int frames) {
        lock.lock();
        counters.drop(DropReason.UPLINK_FULL, frames);
        lock.unlock();
    }

    @Override
    public long retryAt() {
        lock.lock();
        try {
            return pressure.retryAt();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean hasRoom() {
        lock.lock();
        try {
            long now = System.nanoTime();
            return !pressure.isFull() || pressure.isStuck(now) || pressure.hasRoom(now);
        } finally {
            lock.unlock();
        }
    }

    @Override
    public boolean rings() {
        lock.lock();
        try {
            return pressure.rings();
        } finally {
            lock.unlock();
        }
    }

    @Override
    public long fullForMillis() {
        return pressure.isFull() ? (System.nanoTime() - pressure.since()) / 1_000_000 : 0;
    }

    @Override
    public RoomBell bell() {
        return RoomBell.on(sink.descriptor());
    }
}
