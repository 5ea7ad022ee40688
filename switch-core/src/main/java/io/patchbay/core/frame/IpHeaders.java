package io.patchbay.core.frame;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Puts right what the IP header of a packet says of it when the packet is cut. Headers are found by {@link FrameHeaders}. */
final class IpHeaders {

    /** A checksum as it lies in memory. */
    static final ValueLayout.OfShort SUM = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private static final int IPV4_LENGTH = 2;
    private static final int IPV4_ID = 4;
    private static final int IPV4_CHECKSUM = 10;
    private static final int IPV4_SOURCE = 12;
    private static final int IPV6_LENGTH = 4;
    private static final int IPV6_SOURCE = 8;

    private IpHeaders() {}

    /** Gives a piece of a packet the identification of its own that IPv4 wants; {@code header} holds that of the packet. */
    static void identify(MemorySegment header, FrameHeaders headers, int piece) {
        if (headers.version() == 4) {
            int id = headers.network() + IPV4_ID;
            header.set(FrameHeaders.U16, id, (short) (FrameHeaders.number(header, id) + piece));
        }
    }

    /** Says where the packet ends, and completes what has to be completed last: the checksum of an IPv4 header. */
    static void setEnd(MemorySegment header, FrameHeaders headers, int end) {
        int ip = headers.network();
        if (headers.version() == 6) {
            header.set(FrameHeaders.U16, ip + IPV6_LENGTH, (short) (end - headers.packetStart()));
            return;
        }
        header.set(FrameHeaders.U16, ip + IPV4_LENGTH, (short) (end - headers.packetStart()));
        header.set(SUM, ip + IPV4_CHECKSUM, (short) 0);
        long sum = InternetChecksum.sum(header, ip, headers.unfragmentable() - ip);
        header.set(SUM, ip + IPV4_CHECKSUM, (short) InternetChecksum.finish(sum));
    }

    /** Where the packet ends by its own account. */
    static int end(MemorySegment memory, long at, FrameHeaders headers) {
        int length = headers.network() + (headers.version() == 4 ? IPV4_LENGTH : IPV6_LENGTH);
        return headers.packetStart() + FrameHeaders.number(memory, at + length);
    }

    /** The sum of the pseudo header, all but the length. */
    static long pseudoHeader(MemorySegment header, FrameHeaders headers) {
        int source = headers.network() + (headers.version() == 4 ? IPV4_SOURCE : IPV6_SOURCE);
        int bytes = headers.version() == 4 ? 4 : 16;
        return InternetChecksum.sum(header, source, bytes)
                + InternetChecksum.sum(header, headers.destination(), bytes)
                + InternetChecksum.wire(headers.protocol());
    }
}
