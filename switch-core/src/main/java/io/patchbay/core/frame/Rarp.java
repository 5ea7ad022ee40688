package io.patchbay.core.frame;

import java.nio.ByteBuffer;

/**
 * The frame that announces a station after it has moved: a reverse ARP request about itself (RFC 903), which switches learn from and stations
 * ignore.
 *
 * <pre>
 *   0           6          12     14       16       18 19 20     22          28       32          38        42
 *  +-----------+----------+------+--------+--------+--+--+------+-----------+--------+-----------+---------+
 *  | broadcast | station  | 8035 | 1      | 0800   | 6| 4| 3    | station   | 0      | station   | 0       |
 *  +-----------+----------+------+--------+--------+--+--+------+-----------+--------+-----------+---------+
 *                           type   hw type  proto         request  sender MAC  and IP   target MAC  and IP
 * </pre>
 */
public final class Rarp {

    private static final int FRAME_BYTES = 60;
    private static final int HARDWARE_TYPE = 14;
    private static final int SENDER_MAC = 22;
    private static final int TARGET_MAC = 32;

    private Rarp() {}

    /** The frame for a station. */
    public static byte[] announcement(long mac) {
        byte[] address = MacAddress.toBytes(mac);
        ByteBuffer frame = ByteBuffer.allocate(FRAME_BYTES);
        frame.put(EthernetDescriptor.DESTINATION_OFFSET, MacAddress.toBytes(MacAddress.BROADCAST));
        frame.put(EthernetDescriptor.SOURCE_OFFSET, address);
        frame.putShort(EthernetDescriptor.TYPE_OFFSET, (short) 0x8035);
        frame.position(HARDWARE_TYPE);
        frame.putShort((short) 1).putShort((short) 0x0800);
        frame.put((byte) 6).put((byte) 4).putShort((short) 3);
        frame.put(SENDER_MAC, address);
        frame.put(TARGET_MAC, address);
        return frame.array();
    }
}
