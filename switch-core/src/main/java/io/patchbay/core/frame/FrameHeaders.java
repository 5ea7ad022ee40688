package io.patchbay.core.frame;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Where the headers of a TCP or UDP packet are in its frame.
 *
 * <pre>
 *  0           network              unfragmentable      transport        end
 *  +----------+--------------------+-------------------+----------------+---------
 *  | Ethernet,| IPv4 and options,  | IPv6 extensions   | TCP, options;  | payload
 *  | tags     | or IPv6, hop-by-hop| for the target    | or UDP         |
 *  +----------+ and routing --------+-------------------+----------------+---------
 * </pre>
 *
 * <p>Reused from frame to frame. What {@link #parse} has accepted lies within the bytes it was shown, each header whole.
 */
final class FrameHeaders {

    /** Most bytes of headers that are looked at. */
    static final int LIMIT = 512;

    static final int ETHERTYPE_IPV4 = 0x0800;
    static final int ETHERTYPE_IPV6 = 0x86dd;
    static final int ETHERTYPE_TAG = 0x8100;
    static final int ETHERTYPE_SERVICE_TAG = 0x88a8;
    static final int PROTOCOL_TCP = 6;
    static final int PROTOCOL_UDP = 17;
    static final int PROTOCOL_FRAGMENT = 44;
    static final int IPV4_BYTES = 20;
    static final int IPV6_BYTES = 40;
    static final int UDP_BYTES = 8;

    static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int TCP_BYTES = 20;
    private static final int OPTION_END = 0;
    private static final int OPTION_NOTHING = 1;
    private static final int OPTION_LOOSE_ROUTE = 0x83;
    private static final int OPTION_STRICT_ROUTE = 0x89;
    /** Of a route option with one address. */
    private static final int ROUTE_BYTES = 7;

    private static final int PROTOCOL_HOP_BY_HOP = 0;
    private static final int PROTOCOL_ROUTING = 43;
    private static final int PROTOCOL_DESTINATION = 60;
    private static final int ROUTING_SOURCE = 0;
    private static final int ROUTING_MOBILE = 2;
    private static final int ROUTING_SEGMENTS = 4;

    private int network;
    private int version;
    private int protocol;
    private int unfragmentable;
    private int fragmentLink;
    private int destination;
    private int transport;
    private int end;

    /**
     * Finds the headers of a frame.
     *
     * @param n bytes that may be looked at, from {@code at}
     * @return false if this is no TCP or UDP packet whose headers are whole, unfragmented, and within {@code n} bytes
     */
    boolean parse(MemorySegment memory, long at, int n) {
        return parseNetwork(memory, at, n) && parseTransport(memory, at, n);
    }

    /** As {@link #parse}, of any IP packet: finds what is before {@link #transport}, whatever {@link #protocol} begins there. */
    boolean parseNetwork(MemorySegment memory, long at, int n) {
        int type = EthernetDescriptor.TYPE_OFFSET;
        while (type + Short.BYTES <= n && isTag(number(memory, at + type))) {
            type += EthernetDescriptor.TAG_BYTES;
        }
        network = type + Short.BYTES;
        if (network > n) {
            return false;
        }
        return switch (number(memory, at + type)) {
            case ETHERTYPE_IPV4 -> parseIpv4(memory, at, n);
            case ETHERTYPE_IPV6 -> parseIpv6(memory, at, n);
            default -> false;
        };
    }

    /** As {@link #parse}, of a packet whose IP header begins at a place before {@code n}. */
    boolean parsePacket(MemorySegment memory, long at, int n, int place) {
        network = place;
        boolean ip = switch (octet(memory, at + place) >>> 4) {
            case 4 -> parseIpv4(memory, at, n);
            case 6 -> parseIpv6(memory, at, n);
            default -> false;
        };
        return ip && parseTransport(memory, at, n);
    }

    private static boolean isTag(int type) {
        return type == ETHERTYPE_TAG || type == ETHERTYPE_SERVICE_TAG;
    }

    private boolean parseIpv4(MemorySegment memory, long at, int n) {
        if (network + IPV4_BYTES > n) {
            return false;
        }
        int first = octet(memory, at + network);
        version = first >>> 4;
        int length = (first & 0xf) * 4;
        transport = network + length;
        unfragmentable = transport;
        destination = network + 16;
        protocol = octet(memory, at + network + 9);
        boolean isFragment = (number(memory, at + network + 6) & 0x3fff) != 0;
        if (version != 4 || length < IPV4_BYTES || transport > n || isFragment) {
            return false;
        }
        if (length > IPV4_BYTES) {
            followRouteOption(memory, at);
        }
        return true;
    }

    /** While a packet has stops before it (RFC 791 §3.1), the address that counts for checksums is the last of its route. */
    private void followRouteOption(MemorySegment memory, long at) {
        int option = network + IPV4_BYTES;
        while (option + ROUTE_BYTES <= transport) {
            int type = octet(memory, at + option);
            if (type == OPTION_END) {
                return;
            }
            int bytes = type == OPTION_NOTHING ? 1 : octet(memory, at + option + 1);
            if (type != OPTION_NOTHING && (bytes < 2 || option + bytes > transport)) {
                return; // garbage, which no route can be found behind
            }
            boolean isRoute = type == OPTION_LOOSE_ROUTE || type == OPTION_STRICT_ROUTE;
            // The pointer counts from 1, and passes the end when the last stop has been reached.
            if (isRoute && bytes >= ROUTE_BYTES && octet(memory, at + option + 2) <= bytes - 3) {
                destination = option + 3 + (bytes - 3) / 4 * 4 - 4;
            }
            option += bytes;
        }
    }

    private boolean parseIpv6(MemorySegment memory, long at, int n) {
        if (network + IPV6_BYTES > n) {
            return false;
        }
        version = octet(memory, at + network) >>> 4;
        destination = network + 24;
        transport = network + IPV6_BYTES;
        unfragmentable = transport;
        fragmentLink = network + 6;
        protocol = octet(memory, at + fragmentLink);
        int link;
        while (isExtension(protocol)) {
            link = transport;
            if (link + 8 > n) {
                return false;
            }
            int length = (octet(memory, at + link + 1) + 1) * 8;
            if (link + length > n || (protocol == PROTOCOL_ROUTING && !followRoute(memory, at + link, link, length))) {
                return false;
            }
            transport = link + length;
            if (protocol != PROTOCOL_DESTINATION) {
                // RFC 8200 §4.5: routers on the way look at these, so every fragment needs them.
                unfragmentable = transport;
                fragmentLink = link;
            }
            protocol = octet(memory, at + link);
        }
        return version == 6;
    }

    private static boolean isExtension(int protocol) {
        return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_DESTINATION;
    }

    /** While a packet has not arrived, the address that counts for checksums stands in the routing header (RFC 8200 §8.1). */
    private boolean followRoute(MemorySegment memory, long header, int place, int length) {
        int segmentsLeft = octet(memory, header + 3);
        if (segmentsLeft == 0) {
            return true;
        }
        int addresses = (length - 8) / 16;
        switch (octet(memory, header + 2)) {
            case ROUTING_SOURCE -> destination = place + 8 + 16 * (addresses - 1);
            case ROUTING_MOBILE, ROUTING_SEGMENTS -> destination = place + 8;
            default -> {
                return false;
            }
        }
        return addresses > 0;
    }

    private boolean parseTransport(MemorySegment memory, long at, int n) {
        return switch (protocol) {
            case PROTOCOL_TCP -> {
                if (transport + TCP_BYTES > n) {
                    yield false;
                }
                int length = (octet(memory, at + transport + 12) >>> 4) * 4;
                end = transport + length;
                yield length >= TCP_BYTES && end <= n;
            }
            case PROTOCOL_UDP -> {
                end = transport + UDP_BYTES;
                yield end <= n;
            }
            default -> false;
        };
    }

    static int octet(MemorySegment memory, long at) {
        return memory.get(ValueLayout.JAVA_BYTE, at) & 0xff;
    }

    static int number(MemorySegment memory, long at) {
        return memory.get(U16, at) & 0xffff;
    }

    /** Where the IP header begins. */
    int network() {
        return network;
    }

    /** 4 or 6. */
    int version() {
        return version;
    }

    /** From where the packet's length counts: 16 bits of it. */
    int packetStart() {
        return version == 4 ? network : network + IPV6_BYTES;
    }

    /** {@link #PROTOCOL_TCP} or {@link #PROTOCOL_UDP}; after {@link #parseNetwork} any. */
    int protocol() {
        return protocol;
    }

    /** Where that begins which fragments divide among them. */
    int unfragmentable() {
        return unfragmentable;
    }

    /** IPv6: where the octet stands that says what begins at {@link #unfragmentable}. */
    int fragmentLink() {
        return fragmentLink;
    }

    /** Where the destination address stands that counts for checksums. */
    int destination() {
        return destination;
    }

    /** Where the TCP or UDP header begins; after {@link #parseNetwork} that of any protocol. */
    int transport() {
        return transport;
    }

    /** Where the payload begins. */
    int end() {
        return end;
    }
}
