package io.patchbay.core.linux;

/**
 * Layouts of AF_XDP ({@code <linux/if_xdp.h>}, Documentation/networking/af_xdp.rst).
 *
 * <pre>
 *   0        2       4         8       12
 *  +--------+-------+---------+-------+----------------+
 *  | family | flags | ifindex | queue | shared umem fd |   sockaddr_xdp
 *  +--------+-------+---------+-------+----------------+
 *
 *   0         8        16           20         24      28
 *  +---------+--------+------------+----------+-------+------------+
 *  | address | length | chunk size | headroom | flags | tx meta len|   xdp_umem_reg
 *  +---------+--------+------------+----------+-------+------------+
 *
 *   0          8          16            24
 *  +----------+----------+-------------+-------+
 *  | producer | consumer | descriptors | flags |   xdp_ring_offset, times four: of the receive, transmit, fill and completion ring
 *  +----------+----------+-------------+-------+
 *
 *   0         8        12
 *  +---------+--------+---------+
 *  | address | length | options |   xdp_desc: an entry of the receive and of the transmit ring; those of the other two are addresses, 8 bytes each
 *  +---------+--------+---------+
 *
 *   0            8            16           24             32                   40
 *  +------------+------------+------------+--------------+--------------------+--------------+
 *  | rx dropped | rx invalid | tx invalid | rx ring full | fill ring was empty| tx ring empty|   xdp_statistics
 *  +------------+------------+------------+--------------+--------------------+--------------+
 * </pre>
 *
 * <p>An address is a place in the umem, the memory that frames lie in, which is divided into chunks of equal size. Where a ring's fields are within
 * its mapping only the kernel knows; it says so in {@code xdp_mmap_offsets}.
 */
final class XdpDescriptor {

    static final int AF_XDP = 44;
    static final int SOL_XDP = 283;

    static final int XDP_MMAP_OFFSETS = 1;
    static final int XDP_RX_RING = 2;
    static final int XDP_TX_RING = 3;
    static final int XDP_UMEM_REG = 4;
    static final int XDP_UMEM_FILL_RING = 5;
    static final int XDP_UMEM_COMPLETION_RING = 6;
    static final int XDP_STATISTICS = 7;

    static final long PAGE_OFFSET_RX = 0;
    static final long PAGE_OFFSET_TX = 0x8000_0000L;
    static final long PAGE_OFFSET_FILL = 0x1_0000_0000L;
    static final long PAGE_OFFSET_COMPLETION = 0x1_8000_0000L;

    static final int ADDRESS_BYTES = 16;
    static final int ADDRESS_FLAGS = 2;
    static final int ADDRESS_IFINDEX = 4;
    static final int ADDRESS_QUEUE = 8;
    static final short XDP_COPY = 2;
    static final short XDP_USE_NEED_WAKEUP = 8;

    static final int UMEM_BYTES = 32;
    static final int UMEM_ADDRESS = 0;
    static final int UMEM_LENGTH = 8;
    static final int UMEM_CHUNK_SIZE = 16;

    static final int RING_OFFSETS_BYTES = 32;
    static final int RING_PRODUCER = 0;
    static final int RING_CONSUMER = 8;
    static final int RING_DESCRIPTORS = 16;
    static final int OFFSETS_BYTES = 4 * RING_OFFSETS_BYTES;
    static final int OFFSETS_RX = 0;
    static final int OFFSETS_TX = RING_OFFSETS_BYTES;
    static final int OFFSETS_FILL = 2 * RING_OFFSETS_BYTES;
    static final int OFFSETS_COMPLETION = 3 * RING_OFFSETS_BYTES;

    static final int FRAME_BYTES = 16;
    static final int FRAME_ADDRESS = 0;
    static final int FRAME_LENGTH = 8;
    static final int FRAME_OPTIONS = 12;
    static final int CHUNK_BYTES = 8;

    static final int STATISTICS_BYTES = 48;
    static final int STATISTICS_RX_DROPPED = 0;
    static final int STATISTICS_RX_RING_FULL = 24;

    /** What the kernel leaves free at the beginning of a chunk before a received frame, for XDP programs that put something before it. */
    static final int XDP_PACKET_HEADROOM = 256;

    private XdpDescriptor() {}
}
