package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Delivery;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.vhost.fuzz.Input;
import io.patchbay.vhost.fuzz.SyntheticGuest;
import io.patchbay.vhost.ring.DeviceRing;
import io.patchbay.vhost.ring.PackedRing;
import io.patchbay.vhost.ring.RingFeatures;
import io.patchbay.vhost.ring.SplitRing;
import java.util.Optional;

/** Fuzz target: what one synthetic guest sends is delivered to another, whatever either has in its rings; every frame is accounted for. */
public final class LoopFuzz {

    private static final SyntheticGuest SENDER = new SyntheticGuest();
    private static final SyntheticGuest RECEIVER = new SyntheticGuest();
    private static final Delivery DELIVERY = new Delivery(1);
    private static final Burst BURST = DELIVERY.burst(0);
    private static final int[] ALL = new int[Burst.CAPACITY];

    static {
        for (int i = 0; i < ALL.length; i++) {
            ALL[i] = i;
        }
    }

    private LoopFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        Input input = new Input(bytes);
        int kind = input.u8();
        int size = 2 << (kind & 7) % 6;
        boolean mergeable = (kind & 8) != 0;
        int headerBytes = mergeable || (kind & 16) != 0 ? NetHeaderDescriptor.BYTES : NetHeaderDescriptor.LEGACY_BYTES;
        SENDER.clear();
        RECEIVER.clear();
        QueueCounters taken = new QueueCounters();
        QueueCounters given = new QueueCounters();
        QueueEvents silent = new QueueEvents(Optional.empty(), Optional.empty());
        GuestTxQueue from = new GuestTxQueue(
                ring(SENDER, size, kind),
                headerBytes,
                OffloadSet.ALL,
                silent,
                taken,
                new QueueFault("fuzz", Optional.empty()),
                new FlowTable(),
                0);
        GuestRxQueue to = new GuestRxQueue(
                ring(RECEIVER, size, kind),
                headerBytes,
                mergeable,
                (kind & 128) != 0 ? OffloadSet.ALL : OffloadSet.NOTHING,
                silent,
                given,
                new QueueFault("fuzz", Optional.empty()),
                WriteLog.OFF);
        while (!input.isEmpty()) {
            switch (input.u8() & 3) {
                case 0 -> turn(from, to, input, size);
                case 1 -> RECEIVER.write(input, size);
                default -> SENDER.write(input, size);
            }
        }
        long in = taken.get(QueueCounters.Count.FRAMES);
        long out = taken.dropped() + given.get(QueueCounters.Count.FRAMES) + given.dropped();
        if (in != out) {
            throw new AssertionError(in + " frames taken, " + out + " accounted for");
        }
    }

    private static DeviceRing ring(SyntheticGuest guest, int size, int kind) {
        RingFeatures features = new RingFeatures((kind & 32) != 0, true, false);
        return (kind & 64) != 0
                ? new PackedRing(size, guest.packedRing(size), features, 0x8000, guest.memory())
                : new SplitRing(size, guest.ring(size), features, 0, guest.memory());
    }

    private static void turn(GuestTxQueue from, GuestRxQueue to, Input input, int size) {
        BURST.clear();
        int limit = 1 + (input.u8() & 63);
        int n = from.poll(BURST, limit);
        if (n > limit || BURST.count() > n) {
            throw new AssertionError(n + " chains and " + BURST.count() + " frames where " + limit + " were wanted");
        }
        SENDER.write(input, size); // after its heads were read, before the rest is copied
        DELIVERY.start(ALL, BURST.count());
        to.transmit(DELIVERY, DELIVERY.left());
        if (n > 0) {
            from.release();
        }
    }
}
