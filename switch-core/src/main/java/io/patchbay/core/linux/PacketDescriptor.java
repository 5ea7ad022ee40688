package io.patchbay.core.linux;

/**
 * Layouts and options of AF_PACKET ({@code <linux/if_packet.h>}).
 *
 * <pre>
 *   0        2          4         8        10     11      12        20
 *  +--------+----------+---------+--------+------+-------+---------+
 *  | family | protocol | ifindex | hatype | type | alen  | address |   sockaddr_ll
 *  +--------+----------+---------+--------+------+-------+---------+
 *
 *   0        4     8          12    14    16         18         20
 *  +--------+-----+----------+-----+-----+----------+----------+
 *  | status | len | snap len | mac | net | vlan tci | vlan tpid|   tpacket_auxdata
 *  +--------+-----+----------+-----+-----+----------+----------+
 *
 *   0         4      6      8         16
 *  +---------+------+------+---------+
 *  | ifindex | type | alen | address |   packet_mreq
 *  +---------+------+------+---------+
 *
 *   0         4       8
 *  +---------+-------+
 *  | packets | drops |   tpacket_stats: since they were last asked for
 *  +---------+-------+
 * </pre>
 */
final class PacketDescriptor {

    static final int AF_PACKET = 17;
    static final int ETH_P_ALL = 3;
    static final int SOL_PACKET = 263;

    static final int PACKET_ADD_MEMBERSHIP = 1;
    static final int PACKET_STATISTICS = 6;
    static final int PACKET_AUXDATA = 8;
    static final int PACKET_VNET_HDR = 15;
    static final int PACKET_FANOUT = 18;
    static final int PACKET_QDISC_BYPASS = 20;
    static final int PACKET_IGNORE_OUTGOING = 23;

    static final int ADDRESS_BYTES = 20;
    static final int ADDRESS_FAMILY = 0;
    static final int ADDRESS_PROTOCOL = 2;
    static final int ADDRESS_IFINDEX = 4;

    static final int AUX_BYTES = 20;
    static final int AUX_STATUS = 0;
    static final int AUX_VLAN_TCI = 16;
    static final int AUX_VLAN_TPID = 18;
    static final int TP_STATUS_VLAN_VALID = 1 << 4;
    static final int TP_STATUS_VLAN_TPID_VALID = 1 << 6;

    static final int MEMBERSHIP_BYTES = 16;
    static final int MEMBERSHIP_IFINDEX = 0;
    static final int MEMBERSHIP_TYPE = 4;
    static final int PACKET_MR_PROMISC = 1;

    static final int STATISTICS_BYTES = 8;
    static final int STATISTICS_DROPS = 4;

    private PacketDescriptor() {}
}
