package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.port.Transmitter;
import java.util.List;

/**
 * The way to a guest: one receive virtqueue, or several over which its peers are spread.
 *
 * <p>A frame's addresses choose the queue, so that the frames of one conversation stay in order.
 */
final class GuestTransmitter implements Transmitter {

    private final GuestRxQueue[] queues;
    private final ThreadLocal<int[]> selection = ThreadLocal.withInitial(() -> new int[Burst.CAPACITY]);

    /** @param queues at least one */
    GuestTransmitter(List<GuestRxQueue> queues) {
        this.queues = queues.toArray(GuestRxQueue[]::new);
    }

    @Override
    public void transmit(Burst burst, int[] frames, int count) {
        if (queues.length == 1) {
            queues[0].transmit(burst, frames, count);
            return;
        }
        int[] mine = selection.get();
        for (int q = 0; q < queues.length; q++) {
            int n = 0;
            for (int i = 0; i < count; i++) {
                if (queueOf(burst, frames[i]) == q) {
                    mine[n++] = frames[i];
                }
            }
            if (n > 0) {
                queues[q].transmit(burst, mine, n);
            }
        }
    }

    private int queueOf(Burst burst, int frame) {
        long mixed = (burst.source(frame) * 31 + burst.destination(frame)) * 0x9e37_79b9_7f4a_7c15L;
        return (int) Long.remainderUnsigned(mixed >>> 32, queues.length);
    }
}
