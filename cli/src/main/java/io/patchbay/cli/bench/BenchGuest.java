package io.patchbay.cli.bench;

import io.patchbay.cli.local.ExperimentalHeader;
import io.patchbay.vhost.frontend.DriverRing;
import io.patchbay.vhost.frontend.FrontEnd;

/** One of two guests. Its frames are an {@link ExperimentalHeader} and zeros, every one the same for ever. */
final class BenchGuest implements AutoCloseable {

    /** Half of what the receiver has buffers for. */
    private static final int WINDOW = 128;

    private static final long ADDRESS = 0x0200_0000_be00L;

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
            long at = ring.bufferOffset(id) + frontEnd.headerBytes();
            ExperimentalHeader.write(ring.buffers(), at, ADDRESS + other, ADDRESS + number);
        }
    }

    void useFramesOf(int bytes) {
        frameBytes = bytes;
    }

    /** Sends until as many frames are on their way as may be. */
    void send() {
        frontEnd.reclaim();
        send((int) Math.min(WINDOW - onTheWay(), frontEnd.transmitRing().free()));
    }

    /** Sends one frame; false if all buffers are with the switch. */
    boolean sendOne() {
        frontEnd.reclaim();
        boolean canSend = frontEnd.transmitRing().free() > 0;
        if (canSend) {
            send(1);
        }
        return canSend;
    }

    private void send(int n) {
        DriverRing ring = frontEnd.transmitRing();
        for (int i = 0; i < n; i++) {
            ring.offerReadable(ring.take(), frontEnd.headerBytes() + frameBytes);
        }
        frontEnd.showTransmit();
        sent += n;
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
            if (ExperimentalHeader.source(ring.buffers(), at) == ADDRESS + sender.number) {
                n++;
            }
            ring.offer(id);
        }
        frontEnd.showReceive();
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
