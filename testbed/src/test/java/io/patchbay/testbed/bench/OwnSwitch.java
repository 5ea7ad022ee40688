package io.patchbay.testbed.bench;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.port.PortException;
import io.patchbay.testbed.bench.Traffic.Shape;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.IOException;

/** Guests with a switch in the same process, which knows all their addresses. */
record OwnSwitch(BenchSwitch board, Traffic guests) implements Load {

    /** @param processors one per worker, or none for one worker that is free to move */
    static OwnSwitch start(Shape shape, MacTable macs, int... processors)
            throws IOException, PortException, InterruptedException {
        return start(shape, FrontEndSettings.MODERN.features(), macs, processors);
    }

    /** The same with guests that negotiate other features. */
    static OwnSwitch start(Shape shape, long features, MacTable macs, int... processors)
            throws IOException, PortException, InterruptedException {
        BenchSwitch board = BenchSwitch.start(shape.ports(), macs, BenchSwitch.SLEEPS_BETWEEN_BLOCKS, processors);
        Traffic guests = Traffic.connect(shape, features, board::socket);
        guests.learnAll();
        return new OwnSwitch(board, guests);
    }

    @Override
    public double block(long nanos) {
        return guests.block(nanos);
    }

    @Override
    public long lost() {
        return guests.lost();
    }

    @Override
    public void close() throws IOException {
        guests.close();
        board.close();
    }
}
