package io.patchbay.testbed.bench;

import io.patchbay.vhost.frontend.DriverRing;
import io.patchbay.vhost.frontend.QueuePair;
import java.lang.foreign.ValueLayout;

/** What a guest does that looks at what it receives: by that the frames come to its processor, and the buffers have to come back from there. */
final class Reader {

    private static final int LINE = 64;

    @SuppressWarnings("unused") // written so that frames have to be read
    private long read;

    /** Takes what has come, looks at every line of it, gives the buffers back, and says how many they were. */
    int takeAll(QueuePair guest) {
        DriverRing ring = guest.receiveRing();
        int frames = 0;
        while (frames < ring.size() && ring.next()) {
            long at = ring.bufferOffset(ring.usedId());
            for (long line = at, end = at + ring.usedLength(); line < end; line += LINE) {
                read += ring.buffers().get(ValueLayout.JAVA_LONG, line);
            }
            ring.offer(ring.usedId());
            frames++;
        }
        guest.showReceive();
        return frames;
    }
}
