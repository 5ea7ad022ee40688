package io.patchbay.core.frame;

/**
 * Layout of an Ethernet frame header as it stands on the wire, without preamble and frame check sequence (IEEE 802.3 §3.1.1,
 * tag: IEEE 802.1Q §9).
 *
 * <pre>
 *   0                   6                  12      14      16
 *  +-------------------+-------------------+-------+-------+- - -
 *  |    destination    |      source       | type  | TCI   |  type of the tagged frame, ...
 *  +-------------------+-------------------+-------+-------+- - -
 *                                          | 0x8100 = a tag control word follows
 * </pre>
 */
public final class EthernetDescriptor {

    public static final int DESTINATION_OFFSET = 0;
    public static final int SOURCE_OFFSET = 6;
    public static final int TYPE_OFFSET = 12;
    public static final int HEADER_BYTES = 14;

    /** Bytes of one 802.1Q tag. */
    public static final int TAG_BYTES = 4;

    /**
     * The largest frame any port may carry: a 64 KiB IP packet with an Ethernet header (virtio 1.3 §5.1.6.3.1 asks a driver for
     * 65550 bytes when it lets the device send segments whole) and two tags.
     */
    public static final int MAX_FRAME_BYTES = 65_535 + HEADER_BYTES + 2 * TAG_BYTES;

    private EthernetDescriptor() {}
}
