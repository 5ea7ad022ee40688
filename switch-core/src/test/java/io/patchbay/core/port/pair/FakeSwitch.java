package io.patchbay.core.port.pair;

import io.patchbay.core.port.RecordingContext;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** The switch, as far as a pair sees it. */
final class FakeSwitch extends RecordingContext {

    final List<byte[]> sent = new CopyOnWriteArrayList<>();
    volatile long[] elsewhere = {};
    volatile int room = Integer.MAX_VALUE;

    @Override
    public boolean send(byte[] frame) {
        if (sent.size() >= room) {
            return false;
        }
        sent.add(frame);
        return true;
    }

    @Override
    public long[] addressesElsewhere() {
        return elsewhere.clone();
    }
}
