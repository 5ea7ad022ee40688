package io.patchbay.core.frame;

import java.lang.foreign.MemorySegment;

/**
 * The headers around a packet that was put into a tunnel: VXLAN, Geneve and whatever else goes by UDP, GRE, and IP in IP.
 *
 * <pre>
 *  0           outer network   outer transport              inner network   inner transport   inner end
 *  +----------+---------------+---------------------------+---------------+-----------------+---------
 *  | Ethernet,| IP            | UDP or GRE, or nothing;   | IP            | TCP, options;   | payload
 *  | tags     |               | the tunnel's; Ethernet    |               | or UDP          |
 *  +----------+---------------+---------------------------+---------------+-----------------+---------
 * </pre>
 *
 * <p>What is between UDP and the packet is every tunnel's own, and all segments of a packet have the same there: nobody has to know which tunnel it is. The
 * packet is looked for from its end, where its TCP or UDP header is known to begin, and must be as long as it says.
 *
 * <p>Reused from frame to frame.
 */
final class TunnelHeaders {

    private static final int PROTOCOL_IPV4 = 4;
    private static final int PROTOCOL_IPV6 = 41;
    private static final int PROTOCOL_GRE = 47;
    private static final int GRE_BYTES = 4;
    private static final int GRE_CHECKSUM_BYTES = 4;
    private static final int GRE_HAS_CHECKSUM = 0x8000;
    private static final int GRE_HAS_KEY = 0x2000;
    private static final int UDP_LENGTH = 4;
    private static final int UDP_CHECKSUM = 6;
    private static final int LARGEST_PACKET = 65_535;

    private final FrameHeaders outer = new FrameHeaders();

    /** Where the checksum of UDP or GRE is; 0 if there is none. */
    private int checksum;

    /**
     * Finds the headers of a frame.
     *
     * @param n bytes that may be looked at, from {@code at}
     * @param transport where the TCP or UDP header of the packet in the tunnel begins
     * @param length bytes of the frame
     * @param inner finds those of the packet in the tunnel
     * @return false if this is no such packet in one of these tunnels, whose headers are whole and within {@code n} bytes
     */
    boolean parse(MemorySegment memory, long at, int n, int transport, int length, FrameHeaders inner) {
        if (transport > n
                || !outer.parseNetwork(memory, at, n)
                || length - outer.packetStart() > LARGEST_PACKET
                // Or what is summed would not begin with the first byte of a 16-bit word.
                || (transport - outer.transport()) % Short.BYTES != 0) {
            return false;
        }
        int first = end(memory, at, n);
        for (int place = transport - FrameHeaders.IPV4_BYTES; place >= first; place -= Integer.BYTES) {
            if (inner.parsePacket(memory, at, n, place)
                    && inner.transport() == transport
                    && IpHeaders.end(memory, at, inner) == length) {
                return mayBegin(place, inner.version());
            }
        }
        return false;
    }

    /** Notes where the checksum is, and says where what is known of the tunnel's headers ends; {@code n} if it is none. */
    private int end(MemorySegment memory, long at, int n) {
        checksum = 0;
        return switch (outer.protocol()) {
            case FrameHeaders.PROTOCOL_UDP -> endOfUdp(memory, at, n);
            case PROTOCOL_GRE -> endOfGre(memory, at, n);
            case PROTOCOL_IPV4, PROTOCOL_IPV6 -> outer.transport();
            default -> n;
        };
    }

    private int endOfUdp(MemorySegment memory, long at, int n) {
        int end = outer.transport() + FrameHeaders.UDP_BYTES;
        if (end > n) {
            return n;
        }
        int field = outer.transport() + UDP_CHECKSUM;
        checksum = FrameHeaders.number(memory, at + field) == 0 ? 0 : field;
        return end;
    }

    private int endOfGre(MemorySegment memory, long at, int n) {
        int end = outer.transport() + GRE_BYTES;
        if (end > n) {
            return n;
        }
        int flags = FrameHeaders.number(memory, at + outer.transport());
        if ((flags & ~(GRE_HAS_CHECKSUM | GRE_HAS_KEY)) != 0) {
            return n; // another version, or segments would have to be numbered
        }
        if ((flags & GRE_HAS_CHECKSUM) == 0) {
            return end;
        }
        checksum = end;
        return end + GRE_CHECKSUM_BYTES;
    }

    /** Whether a packet may begin there: in IP right behind its header, and as it says. */
    private boolean mayBegin(int place, int version) {
        return switch (outer.protocol()) {
            case PROTOCOL_IPV4 -> place == outer.transport() && version == 4;
            case PROTOCOL_IPV6 -> place == outer.transport() && version == 6;
            default -> true;
        };
    }

    /**
     * Puts them right around a segment of the packet in the tunnel.
     *
     * @param header all headers; those of the segment are right already
     * @param piece which segment
     * @param end bytes of all headers
     * @param n bytes of the payload
     * @param payload sum of the payload
     */
    void finish(MemorySegment header, int piece, int end, int n, long payload) {
        IpHeaders.identify(header, outer, piece);
        IpHeaders.setEnd(header, outer, end + n);
        int transport = outer.transport();
        int bytes = end - transport + n;
        boolean udp = outer.protocol() == FrameHeaders.PROTOCOL_UDP;
        if (udp) {
            header.set(FrameHeaders.U16, transport + UDP_LENGTH, (short) bytes);
        }
        if (checksum == 0) {
            return;
        }
        header.set(IpHeaders.SUM, checksum, (short) 0);
        long sum = InternetChecksum.sum(header, transport, end - transport) + payload;
        if (udp) {
            sum += IpHeaders.pseudoHeader(header, outer) + InternetChecksum.wire(bytes);
        }
        header.set(IpHeaders.SUM, checksum, (short)
                (udp ? InternetChecksum.finishNonZero(sum) : InternetChecksum.finish(sum)));
    }
}
