package io.patchbay.vhost.net;

import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * Layout of the header before every frame in a buffer (virtio 1.3 §5.1.6, {@code struct virtio_net_hdr}). Little-endian.
 *
 * <pre>
 *   0       1          2         4          6            8             10
 *  +-------+----------+---------+----------+------------+-------------+-------------+
 *  | flags | gso_type | hdr_len | gso_size | csum_start | csum_offset | num_buffers |
 *  +-------+----------+---------+----------+------------+-------------+-------------+
 *                                                                     \ only with VERSION_1 or MRG_RXBUF
 * </pre>
 */
public final class NetHeaderDescriptor {

    public static final int CSUM_OFFSET = 8;
    public static final int NUM_BUFFERS = 10;

    /** Without VIRTIO_F_VERSION_1 and without VIRTIO_NET_F_MRG_RXBUF. */
    public static final int LEGACY_BYTES = 10;

    public static final int BYTES = 12;

    static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private NetHeaderDescriptor() {}
}
