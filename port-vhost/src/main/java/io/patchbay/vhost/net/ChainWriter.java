package io.patchbay.vhost.net;

import io.patchbay.core.frame.FrameReader;
import io.patchbay.vhost.ring.Chain;
import java.lang.foreign.ValueLayout;

/** Writes front to back over the buffers of chains, however they are cut. Reused; allocates nothing. */
final class ChainWriter {

    private Chain chain = new Chain();
    private int segment;
    private int position;

    /** Begins at the first byte. */
    void start(Chain into) {
        chain = into;
        segment = 0;
        position = 0;
    }

    /**
     * A header; the chains have room for it.
     *
     * @param bytes of it, 10 or 12
     * @param first bytes 0 to 7, byte 0 lowest
     * @param rest bytes 8 to 11, byte 8 lowest
     */
    void writeHeader(int bytes, long first, int rest) {
        for (int i = 0; i < bytes; i++) {
            long octet = i < Long.BYTES ? first >>> (8 * i) : rest >>> (8 * (i - Long.BYTES));
            skipFull();
            chain.base(segment).set(ValueLayout.JAVA_BYTE, chain.offset(segment) + position, (byte) octet);
            position++;
        }
    }

    /** All that is left of a frame; the chains have room for it. */
    void write(FrameReader frame) {
        for (int left = frame.remaining(); left > 0; left = frame.remaining()) {
            skipFull();
            int n = Math.min(left, chain.length(segment) - position);
            frame.copy(chain.base(segment), chain.offset(segment) + position, n);
            position += n;
        }
    }

    private void skipFull() {
        while (position == chain.length(segment)) {
            segment++;
            position = 0;
        }
    }
}
