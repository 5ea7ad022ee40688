package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.EthernetDescriptor;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadCheck;
import io.patchbay.core.port.DropReason;
import io.patchbay.vhost.ring.Chain;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Takes the frame out of a chain a guest has sent, in whatever pieces it comes: header and frame may be cut into buffers anywhere.
 *
 * <p>Each byte of a frame's head and of its header is read once. Confined to the worker that has the queue, and reused.
 */
final class SentChain {

    private final Chain chain;
    private final int headerBytes;
    private final boolean mayAsk;
    private final OffloadCheck check;

    private DropReason why = DropReason.BAD_DESCRIPTOR;

    /** Where the next byte is read. */
    private int segment;

    private int at;

    /** @param mayAsk whether headers are looked at, and what they ask for put to the {@code check} */
    SentChain(Chain chain, int headerBytes, boolean mayAsk, OffloadCheck check) {
        this.chain = chain;
        this.headerBytes = headerBytes;
        this.mayAsk = mayAsk;
        this.check = check;
    }

    /** Adds the frame behind the header to a burst that has room for any; false if it is none, and {@link #why}. */
    boolean take(Burst burst) {
        long length = chain.bytes() - headerBytes;
        if (length <= 0) {
            return refuse(DropReason.BAD_HEADER);
        }
        if (length < EthernetDescriptor.HEADER_BYTES) {
            return refuse(DropReason.RUNT);
        }
        if (length > EthernetDescriptor.MAX_FRAME_BYTES) {
            return refuse(DropReason.OVERSIZE);
        }
        passHeader();
        int headLeft = (int) Math.min(length, Burst.HEAD_BYTES);
        // From now on the frame is what was read here.
        long head0 = word(Math.min(headLeft, Long.BYTES));
        long head1 = word(Math.max(0, headLeft - Long.BYTES));
        if (!addRest(burst)) {
            burst.dropFrame();
            return refuse(DropReason.TOO_MANY_SEGMENTS);
        }
        burst.endFrame(head0, head1, (int) length);
        return !mayAsk || takeRequest(burst);
    }

    /** Why there is no frame. */
    DropReason why() {
        return why;
    }

    private boolean refuse(DropReason reason) {
        why = reason;
        return false;
    }

    private void passHeader() {
        segment = 0;
        at = headerBytes;
        while (at >= chain.length(segment)) {
            at -= chain.length(segment++);
        }
    }

    /** Reads so many bytes, up to 8, the first of them lowest. Mostly they are in one piece. */
    private long word(int bytes) {
        if (bytes == Long.BYTES && at <= chain.length(segment) - Long.BYTES) {
            MemorySegment base = chain.base(segment);
            long word = base.get(NetHeaderDescriptor.U64, chain.offset(segment) + at);
            at += Long.BYTES;
            return word;
        }
        long word = 0;
        for (int i = 0; i < bytes; i++) {
            while (at == chain.length(segment)) {
                segment++;
                at = 0;
            }
            long octet = chain.base(segment).get(ValueLayout.JAVA_BYTE, chain.offset(segment) + at++) & 0xffL;
            word |= octet << (8 * i);
        }
        return word;
    }

    /** Adds what was not read as the frame's tail; false if it has too many pieces. */
    private boolean addRest(Burst burst) {
        int skip = at;
        for (int s = segment, n = chain.segments(); s < n; s++) {
            int length = chain.length(s) - skip;
            if (length > 0 && !burst.addSegment(chain.base(s), chain.offset(s) + skip, length)) {
                return false;
            }
            skip = 0;
        }
        return true;
    }

    /** Reads the header and lets what it asks for go with the frame, or takes the frame back if that cannot be. */
    private boolean takeRequest(Burst burst) {
        segment = 0;
        at = 0;
        long first = word(Long.BYTES);
        long request = Offload.ofHeader(first, (int) word(NetHeaderDescriptor.LEGACY_BYTES - Long.BYTES));
        if (isRequest(request) && !check.accept(burst, request)) {
            burst.dropLast();
            return refuse(DropReason.BAD_OFFLOAD);
        }
        return true;
    }

    /** Whether the first two bytes of a header, or a request made of it, ask for anything. */
    static boolean isRequest(long header) {
        return Offload.isSegmented(header) || Offload.needsChecksum(header);
    }
}
