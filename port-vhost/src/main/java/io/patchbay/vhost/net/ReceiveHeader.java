package io.patchbay.vhost.net;

import java.lang.foreign.MemorySegment;

/** Writes the header before a frame that begins in one buffer; the layout is {@link NetHeaderDescriptor}'s. */
final class ReceiveHeader {

    private final int bytes;

    /** @param bytes of a header, with num_buffers or, for legacy drivers, without */
    ReceiveHeader(int bytes) {
        this.bytes = bytes;
    }

    int bytes() {
        return bytes;
    }

    /**
     * Writes a header unless it stands there already: drivers that forward leave buffers as they were, and a line that nobody writes stays in both
     * processors' caches.
     *
     * @param word bytes 0 to 7
     * @param csumOffset bytes 8 and 9
     * @param chains that the frame fills
     */
    void write(MemorySegment to, long at, long word, int csumOffset, int chains) {
        if (to.get(NetHeaderDescriptor.U64, at) != word) {
            to.set(NetHeaderDescriptor.U64, at, word);
        }
        if (bytes == NetHeaderDescriptor.BYTES) {
            int second = csumOffset | chains << 16;
            if (to.get(NetHeaderDescriptor.U32, at + NetHeaderDescriptor.CSUM_OFFSET) != second) {
                to.set(NetHeaderDescriptor.U32, at + NetHeaderDescriptor.CSUM_OFFSET, second);
            }
        } else {
            to.set(NetHeaderDescriptor.U16, at + NetHeaderDescriptor.CSUM_OFFSET, (short) csumOffset);
        }
    }
}
