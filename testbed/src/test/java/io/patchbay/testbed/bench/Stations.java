package io.patchbay.testbed.bench;

import io.patchbay.cli.local.ExperimentalHeader;
import io.patchbay.vhost.frontend.DriverRing;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.IOException;

/** A guest with many addresses: a front end whose frames have whatever source is wanted. Confined to one thread. */
final class Stations implements AutoCloseable {

    private final FrontEnd frontEnd;

    Stations(String socket, FrontEndSettings settings, int longestFrame) throws IOException {
        frontEnd = FrontEnd.connect(socket, settings, longestFrame);
    }

    FrontEnd frontEnd() {
        return frontEnd;
    }

    int free() {
        frontEnd.reclaim();
        return frontEnd.transmitRing().free();
    }

    /** Puts a frame into a free transmit buffer; the switch sees it at the next {@link #show}. */
    void put(long destination, long source, int bytes) {
        DriverRing ring = frontEnd.transmitRing();
        int id = ring.take();
        ExperimentalHeader.write(ring.buffers(), ring.bufferOffset(id) + frontEnd.headerBytes(), destination, source);
        ring.offerReadable(id, frontEnd.headerBytes() + bytes);
    }

    /** Puts whatever stands in a free transmit buffer. */
    void putAsItIs(int bytes) {
        DriverRing ring = frontEnd.transmitRing();
        ring.offerReadable(ring.take(), bytes);
    }

    void show() {
        frontEnd.showTransmit();
    }

    /** Takes what has come, gives the buffers back, and says how many they were. */
    int take() {
        return frontEnd.takeAll();
    }

    @Override
    public void close() {
        frontEnd.close();
    }
}
