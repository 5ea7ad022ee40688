package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A number for the conversation a frame belongs to: the same for both directions of it, so that what a guest sends tells where the answers
 * belong.
 *
 * <p>Made of IP addresses, protocol and ports; of IP addresses only where there are no ports or the packet is a fragment (the later ones have
 * none, and must not overtake the first); of MAC addresses where there is no IP. Looks behind one VLAN tag.
 *
 * <p>The bytes behind the burst's head are read where the sender put them, who may change them meanwhile. That is no harm: a flow of his is
 * then steered badly.
 */
final class FlowHash {

    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private static final int ETHERNET_BYTES = 14;
    private static final int TAG_BYTES = 4;
    private static final int TYPE_IPV4 = 0x0800;
    private static final int TYPE_IPV6 = 0x86dd;
    private static final int TYPE_VLAN = 0x8100;
    private static final int TYPE_SERVICE_VLAN = 0x88a8;

    /** IPv4 (RFC 791): version and header length, fragment, protocol, addresses. */
    private static final int IPV4_FRAGMENT = 4;

    private static final int IPV4_PROTOCOL = 8;
    private static final int IPV4_SOURCE = 12;
    private static final int IPV4_DESTINATION = 16;
    /** The flag "more fragments" and the offset; not "don't fragment". */
    private static final int IPV4_IS_FRAGMENT = 0x3fff;

    /** IPv6 (RFC 8200): next header, addresses. */
    private static final int IPV6_NEXT = 4;

    private static final int IPV6_SOURCE = 8;
    private static final int IPV6_DESTINATION = 24;
    private static final int IPV6_BYTES = 40;

    /** An IPv4 header without options begins with this byte. */
    private static final int PLAIN_IPV4 = 0x45;

    private static final int PLAIN_IPV4_BYTES = 20;

    /** Bytes 12 to 14 of such a frame without a tag, as the second word of its head has them from bit 32 on. */
    private static final int PLAIN_IPV4_IN_HEAD1 = 0x45_0008;

    private static final int PLAIN_IPV4_END = ETHERNET_BYTES + PLAIN_IPV4_BYTES + Integer.BYTES;

    private static final int TCP = 6;
    private static final int UDP = 17;
    private static final int SCTP = 132;

    /** Segments looked through for a byte; who cuts his headers finer than this is steered by MAC addresses. */
    private static final int MAX_WALK = 8;

    private FlowHash() {}

    /**
     * The numbers of all frames of a burst.
     *
     * @param to filled, as far as there are frames
     */
    static void ofAll(Burst burst, int[] to) {
        long others = 0;
        for (int i = 0, n = burst.count(); i < n; i++) {
            boolean isPlain = ((int) (burst.head1(i) >>> 32) & 0xff_ffff) == PLAIN_IPV4_IN_HEAD1;
            if (isPlain && isInOnePiece(burst, i, PLAIN_IPV4_END)) {
                to[i] = ofPlainIpv4(burst, i, ETHERNET_BYTES);
            } else {
                others |= 1L << i;
            }
        }
        // In a loop of its own, because of the calls.
        for (long left = others; left != 0; left &= left - 1) {
            int i = Long.numberOfTrailingZeros(left);
            to[i] = of(burst, i);
        }
    }

    static int of(Burst burst, int frame) {
        int type = burst.etherType(frame);
        int ip = ETHERNET_BYTES;
        if (type == TYPE_VLAN || type == TYPE_SERVICE_VLAN) {
            type = word(burst, frame, ip) & 0xffff;
            ip += TAG_BYTES;
        }
        if (type == TYPE_IPV4 && burst.length(frame) >= ip + IPV4_DESTINATION + Integer.BYTES) {
            return ofIpv4(burst, frame, ip);
        }
        if (type == TYPE_IPV6 && burst.length(frame) >= ip + IPV6_BYTES) {
            return ofIpv6(burst, frame, ip);
        }
        long both = burst.source(frame) ^ burst.destination(frame);
        return mixed((int) (both >>> 32), (int) both);
    }

    private static int ofIpv4(Burst burst, int frame, int ip) {
        boolean isPlain = octet(burst, frame, ip) == PLAIN_IPV4;
        if (isPlain && isInOnePiece(burst, frame, ip + PLAIN_IPV4_BYTES + Integer.BYTES)) {
            return ofPlainIpv4(burst, frame, ip);
        }
        int addresses = word(burst, frame, ip + IPV4_SOURCE) ^ word(burst, frame, ip + IPV4_DESTINATION);
        int protocol = word(burst, frame, ip + IPV4_PROTOCOL) >>> 16 & 0xff;
        boolean fragment = (word(burst, frame, ip + IPV4_FRAGMENT) & IPV4_IS_FRAGMENT) != 0;
        int headerBytes = (word(burst, frame, ip) >>> 24 & 0xf) * Integer.BYTES;
        return mixed(addresses, fragment ? 0 : ports(burst, frame, protocol, ip + headerBytes));
    }

    /**
     * Whether all behind the burst's head up to {@code end}, that of the ports, lies in one piece, as in most frames: then it is quickly read.
     */
    private static boolean isInOnePiece(Burst burst, int frame, int end) {
        int s = burst.firstSegment(frame);
        return s < burst.endSegment(frame) && burst.segmentLength(s) >= end - Burst.HEAD_BYTES;
    }

    private static int ofPlainIpv4(Burst burst, int frame, int ip) {
        int s = burst.firstSegment(frame);
        return ofPlainIpv4(burst.segmentBase(s), burst.segmentOffset(s) - Burst.HEAD_BYTES + ip);
    }

    private static int ofPlainIpv4(MemorySegment memory, long ip) {
        long addresses = memory.get(U64, ip + IPV4_SOURCE);
        long middle = memory.get(U64, ip + IPV4_FRAGMENT);
        int fragment = (int) (middle >>> 32) & IPV4_IS_FRAGMENT;
        int protocol = (int) middle >>> 16 & 0xff;
        boolean hasPorts = fragment == 0 && hasPorts(protocol);
        int ports = hasPorts ? ports(memory.get(U32, ip + PLAIN_IPV4_BYTES), protocol) : 0;
        return mixed((int) (addresses >>> 32) ^ (int) addresses, ports);
    }

    private static int ofIpv6(Burst burst, int frame, int ip) {
        if (isInOnePiece(burst, frame, ip + IPV6_BYTES + Integer.BYTES)) {
            int s = burst.firstSegment(frame);
            return ofPlainIpv6(burst.segmentBase(s), burst.segmentOffset(s) - Burst.HEAD_BYTES + ip);
        }
        int addresses = 0;
        for (int i = 0; i < 16; i += Integer.BYTES) {
            int both = word(burst, frame, ip + IPV6_SOURCE + i) ^ word(burst, frame, ip + IPV6_DESTINATION + i);
            addresses = addresses * 31 + both;
        }
        int protocol = word(burst, frame, ip + IPV6_NEXT) >>> 8 & 0xff;
        return mixed(addresses, ports(burst, frame, protocol, ip + IPV6_BYTES));
    }

    private static int ofPlainIpv6(MemorySegment memory, long ip) {
        int addresses = 0;
        for (int i = 0; i < 16; i += Integer.BYTES) {
            int both = memory.get(U32, ip + IPV6_SOURCE + i) ^ memory.get(U32, ip + IPV6_DESTINATION + i);
            addresses = addresses * 31 + both;
        }
        int protocol = memory.get(U32, ip + IPV6_NEXT) >>> 8 & 0xff;
        return mixed(addresses, hasPorts(protocol) ? ports(memory.get(U32, ip + IPV6_BYTES), protocol) : 0);
    }

    /** Something of the ports that is the same when they are exchanged, or 0 if there are none. */
    private static int ports(Burst burst, int frame, int protocol, int at) {
        return hasPorts(protocol) ? ports(word(burst, frame, at), protocol) : 0;
    }

    private static boolean hasPorts(int protocol) {
        return protocol == TCP || protocol == UDP || protocol == SCTP;
    }

    private static int ports(int both, int protocol) {
        int source = both >>> 16;
        int destination = both & 0xffff;
        return (source ^ destination) << 16 | ((source + destination & 0xffff) ^ protocol);
    }

    /** Four bytes of the frame as a big-endian number; 0 if they are cut too finely to be worth the search. */
    private static int word(Burst burst, int frame, int at) {
        if (at < Burst.HEAD_BYTES) {
            return half(burst, frame, at) << 16 | half(burst, frame, at + 2);
        }
        int offset = at - Burst.HEAD_BYTES;
        for (int s = burst.firstSegment(frame), n = 0; s < burst.endSegment(frame) && n < MAX_WALK; s++, n++) {
            int length = burst.segmentLength(s);
            if (offset + Integer.BYTES <= length) {
                return burst.segmentBase(s).get(U32, burst.segmentOffset(s) + offset);
            }
            if (offset < length) {
                return half(burst, frame, at) << 16 | half(burst, frame, at + 2);
            }
            offset -= length;
        }
        return 0;
    }

    private static int half(Burst burst, int frame, int at) {
        return octet(burst, frame, at) << 8 | octet(burst, frame, at + 1);
    }

    private static int octet(Burst burst, int frame, int at) {
        if (at < Burst.HEAD_BYTES) {
            long half = at < Long.BYTES ? burst.head0(frame) : burst.head1(frame);
            return (int) (half >>> ((at & 7) * Byte.SIZE)) & 0xff;
        }
        int offset = at - Burst.HEAD_BYTES;
        for (int s = burst.firstSegment(frame), n = 0; s < burst.endSegment(frame) && n < MAX_WALK; s++, n++) {
            if (offset < burst.segmentLength(s)) {
                return burst.segmentBase(s).get(ValueLayout.JAVA_BYTE, burst.segmentOffset(s) + offset) & 0xff;
            }
            offset -= burst.segmentLength(s);
        }
        return 0;
    }

    /** Both numbers scattered over all bits. */
    private static int mixed(int a, int b) {
        long product = (a * 0x9e37_79b9_7f4a_7c15L) ^ (b * 0xc2b2_ae3d_27d4_eb4fL);
        product ^= product >>> 29;
        product *= 0xbf58_476d_1ce4_e5b9L;
        return (int) (product >>> 32);
    }
}
