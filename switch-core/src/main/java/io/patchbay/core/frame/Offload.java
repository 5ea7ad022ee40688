package io.patchbay.core.frame;

/**
 * What the sender of a frame left to others, as the virtio-net header says it (virtio 1.3 §5.1.6), in one {@code long}: 0 is nothing.
 *
 * <pre>
 *  header    0       1          2         4          6            8             10
 *           +-------+----------+---------+----------+------------+-------------+--
 *           | flags | gso_type | hdr_len | gso_size | csum_start | csum_offset |
 *           +-------+----------+---------+----------+------------+-------------+--
 *
 *  bit       63          48 47        32 31      16 15      8 7     0
 *           +--------------+------------+----------+----------+-------+
 *           | csum_offset  | csum_start | gso_size | gso_type | flags |
 *           +--------------+------------+----------+----------+-------+
 * </pre>
 *
 * <p>hdr_len is a hint that nobody may trust. It is left out on the way in and computed for receivers.
 *
 * <p>{@link OffloadCheck} makes the values that travel with frames: they keep no flag that is unknown, and hold {@link #FLAG_IPV6} and
 * {@link #FLAG_TUNNEL} beside the specification's flags, which say of a frame to be segmented what its type does not always say.
 */
public final class Offload {

    /** The frame is complete as it is, and nothing is known of its checksums. */
    public static final long NONE = 0;

    /** VIRTIO_NET_HDR_F_NEEDS_CSUM: the checksum field holds the sum of the pseudo header only. */
    public static final int FLAG_NEEDS_CSUM = 1;

    /** VIRTIO_NET_HDR_F_DATA_VALID: somebody has verified the checksum. */
    public static final int FLAG_DATA_VALID = 2;

    /** Ours, never in a header: the packet to be segmented is IPv6. */
    static final int FLAG_IPV6 = 0x80;

    /** Ours, never in a header: the packet to be segmented is in a tunnel, whose headers come first. */
    static final int FLAG_TUNNEL = 0x40;

    public static final int GSO_NONE = 0;
    public static final int GSO_TCPV4 = 1;
    public static final int GSO_UDP = 3;
    public static final int GSO_TCPV6 = 4;
    public static final int GSO_UDP_L4 = 5;

    /** VIRTIO_NET_HDR_GSO_ECN, beside one of the TCP types: the first segment, and only that, may have CWR set. */
    public static final int GSO_ECN = 0x80;

    private Offload() {}

    /**
     * Packs a header as it stands.
     *
     * @param first bytes 0 to 7, byte 0 lowest
     * @param csumOffset bytes 8 and 9; only the lower 16 bits are used
     */
    public static long ofHeader(long first, int csumOffset) {
        return (first & 0xffffL) | (first >>> 16 & 0xffff_ffff_0000L) | (long) csumOffset << 48;
    }

    /** Packs single values. */
    public static long of(int flags, int gsoType, int gsoSize, int csumStart, int csumOffset) {
        return flags | gsoType << 8 | (long) gsoSize << 16 | (long) csumStart << 32 | (long) csumOffset << 48;
    }

    /** A request to complete a checksum. */
    public static long checksum(int csumStart, int csumOffset) {
        return of(FLAG_NEEDS_CSUM, GSO_NONE, 0, csumStart, csumOffset);
    }

    /** Bytes 0 to 7 of a header, byte 0 lowest, with {@code headerLength} as hdr_len. Bytes 8 and 9 are {@link #csumOffset}. */
    public static long headerWord(long offload, int headerLength) {
        long flagsAndType = offload & (0xffff & ~(FLAG_IPV6 | FLAG_TUNNEL));
        return flagsAndType | (long) headerLength << 16 | (offload & 0xffff_ffff_0000L) << 16;
    }

    public static int flags(long offload) {
        return (int) offload & 0xff;
    }

    /** The type, {@link #GSO_ECN} included. */
    public static int gsoType(long offload) {
        return (int) offload >>> 8 & 0xff;
    }

    /** The type without {@link #GSO_ECN}. */
    public static int gsoKind(long offload) {
        return gsoType(offload) & ~GSO_ECN;
    }

    public static int gsoSize(long offload) {
        return (int) (offload >>> 16) & 0xffff;
    }

    /** From the first byte of the frame. */
    public static int csumStart(long offload) {
        return (int) (offload >>> 32) & 0xffff;
    }

    /** From {@link #csumStart}. */
    public static int csumOffset(long offload) {
        return (int) (offload >>> 48);
    }

    /** Whether a checksum is to be completed. */
    public static boolean needsChecksum(long offload) {
        return (offload & FLAG_NEEDS_CSUM) != 0;
    }

    /** Whether the frame is to be cut into several. */
    public static boolean isSegmented(long offload) {
        return (offload & 0xff00) != 0;
    }

    static boolean isIpv6(long offload) {
        return (offload & FLAG_IPV6) != 0;
    }

    static boolean isTunnelled(long offload) {
        return (offload & FLAG_TUNNEL) != 0;
    }
}
