package io.patchbay.cli.bench;

import io.patchbay.vhost.frontend.DriverRing;
import io.patchbay.vhost.frontend.FrontEnd;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * One of two guests.
 *
 * <pre>
 *   0             6         12     14
 *  +-------------+---------+------+- - - - - - - -
 *  | destination | source  | 88b5 |  zeros            every frame, the same for ever
 *  +-------------+---------+------+- - - - - - - -
 * </pre>
 */
final class BenchGuest implements AutoCloseable {

    /** Half of what the receiver has buffers for. */
    private static final int WINDOW = 128;

    private static final int TYPE = 12;
    private static final short EXPERIMENTAL = (short) 0x88b5;
    private static final long ADDRESS = 0x0200_0000_be00L;
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private final FrontEnd frontEnd;
    private final int number;
    private int frameBytes = 60;
    private long sent;
    private long received;
    private long arrived;

    /** @param number 1 or 2; {@code other} the other of them */
    BenchGuest(FrontEnd frontEnd, int number, int other) {
        this.frontEnd = frontEnd;
        this.number = number;
        DriverRing ring = frontEnd.transmitRing();
        for (int id = 0; id < ring.size(); id++) {
            write(ring.buffers(), ring.bufferOffset(id) + frontEnd.headerBytes(), other);
        }
    }

    void useFramesOf(int bytes) {
        frameBytes = bytes;
    }

    private void write(MemorySegment buffers, long at, int to) {
        long source = ADDRESS + number;
        buffers.set(U64, at, (ADDRESS + to) << 16 | source >>> 32);
        buffers.set(U32, at + Long.BYTES, (int) source);
        buffers.set(U16, at + TYPE, EXPERIMENTAL);
    }

    /** Sends until as many frames are on their way as may be. */
    void send() {
        frontEnd.reclaim();
        int n = (int) Math.min(WINDOW - onTheWay(), frontEnd.transmitRing().free());
        send(n);
    }

    /** Sends one frame; false if all buffers are with the switch. */
    boolean sendOne() {
        frontEnd.reclaim();
        return frontEnd.transmitRing().free() > 0 && send(1);
    }

    private boolean send(int n) {
        DriverRing ring = frontEnd.transmitRing();
        for (int i = 0; i < n; i++) {
            ring.offerReadable(ring.take(), frontEnd.headerBytes() + frameBytes);
        }
        if (ring.publish()) {
            frontEnd.kickTransmit();
        }
        sent += n;
        return true;
    }

    /** Takes what has come from the other guest, and says how many frames that was; frames of strangers do not count. */
    int take(BenchGuest sender) {
        DriverRing ring = frontEnd.receiveRing();
        int n = 0;
        int taken = 0;
        while (taken < ring.size() && ring.next()) {
            taken++;
            int id = ring.usedId();
            long at = ring.bufferOffset(id) + frontEnd.headerBytes();
            if ((ring.buffers().get(U64, at + Integer.BYTES) & 0xffff_ffff_ffffL) == ADDRESS + sender.number) {
                n++;
            }
            ring.offer(id);
        }
        if (taken > 0 && ring.publish()) {
            frontEnd.kickReceive();
        }
        received += n;
        sender.arrived += n;
        return n;
    }

    long received() {
        return received;
    }

    /** Frames sent that have not come, yet or for ever. */
    long onTheWay() {
        return sent - arrived;
    }

    /** Waits no longer for what is on its way. */
    void forgetLost() {
        arrived = sent;
    }

    @Override
    public void close() {
        frontEnd.close();
    }
}
