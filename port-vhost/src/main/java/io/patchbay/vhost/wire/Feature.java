package io.patchbay.vhost.wire;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Feature bits of a virtio network device and of vhost-user, by the names of their specifications. */
public enum Feature {
    VIRTIO_NET_F_CSUM(0),
    VIRTIO_NET_F_GUEST_CSUM(1),
    VIRTIO_NET_F_CTRL_GUEST_OFFLOADS(2),
    VIRTIO_NET_F_MTU(3),
    VIRTIO_NET_F_MAC(5),
    VIRTIO_NET_F_GSO(6),
    VIRTIO_NET_F_GUEST_TSO4(7),
    VIRTIO_NET_F_GUEST_TSO6(8),
    VIRTIO_NET_F_GUEST_ECN(9),
    VIRTIO_NET_F_GUEST_UFO(10),
    VIRTIO_NET_F_HOST_TSO4(11),
    VIRTIO_NET_F_HOST_TSO6(12),
    VIRTIO_NET_F_HOST_ECN(13),
    VIRTIO_NET_F_HOST_UFO(14),
    VIRTIO_NET_F_MRG_RXBUF(15),
    VIRTIO_NET_F_STATUS(16),
    VIRTIO_NET_F_CTRL_VQ(17),
    VIRTIO_NET_F_CTRL_RX(18),
    VIRTIO_NET_F_CTRL_VLAN(19),
    VIRTIO_NET_F_CTRL_RX_EXTRA(20),
    VIRTIO_NET_F_GUEST_ANNOUNCE(21),
    VIRTIO_NET_F_MQ(22),
    VIRTIO_NET_F_CTRL_MAC_ADDR(23),
    VIRTIO_F_NOTIFY_ON_EMPTY(24),
    VHOST_F_LOG_ALL(26),
    VIRTIO_F_ANY_LAYOUT(27),
    VIRTIO_F_INDIRECT_DESC(28),
    VIRTIO_F_EVENT_IDX(29),
    VHOST_USER_F_PROTOCOL_FEATURES(30),
    VIRTIO_F_VERSION_1(32),
    VIRTIO_F_ACCESS_PLATFORM(33),
    VIRTIO_F_RING_PACKED(34),
    VIRTIO_F_IN_ORDER(35),
    VIRTIO_F_ORDER_PLATFORM(36),
    VIRTIO_F_SR_IOV(37),
    VIRTIO_F_NOTIFICATION_DATA(38),
    VIRTIO_F_NOTIF_CONFIG_DATA(39),
    VIRTIO_F_RING_RESET(40),
    VIRTIO_F_ADMIN_VQ(41),
    VIRTIO_NET_F_DEVICE_STATS(50),
    VIRTIO_NET_F_HASH_TUNNEL(51),
    VIRTIO_NET_F_VQ_NOTF_COAL(52),
    VIRTIO_NET_F_NOTF_COAL(53),
    VIRTIO_NET_F_GUEST_USO4(54),
    VIRTIO_NET_F_GUEST_USO6(55),
    VIRTIO_NET_F_HOST_USO(56),
    VIRTIO_NET_F_HASH_REPORT(57),
    VIRTIO_NET_F_GUEST_HDRLEN(59),
    VIRTIO_NET_F_RSS(60),
    VIRTIO_NET_F_RSC_EXT(61),
    VIRTIO_NET_F_STANDBY(62),
    VIRTIO_NET_F_SPEED_DUPLEX(63);

    private final int bit;

    Feature(int bit) {
        this.bit = bit;
    }

    public long mask() {
        return 1L << bit;
    }

    public boolean in(long features) {
        return (features & mask()) != 0;
    }

    public static long mask(Feature... features) {
        long mask = 0;
        for (Feature feature : features) {
            mask |= feature.mask();
        }
        return mask;
    }

    /** The feature with that name, if there is one. */
    public static Optional<Feature> of(String name) {
        return Arrays.stream(values())
                .filter(feature -> feature.name().equals(name))
                .findFirst();
    }

    /** What is left of an offer when some features are taken out of it, and with them those that need one of them (virtio 1.3 §5.1.3.1). */
    public static long removed(long offer, long out) {
        long gone = out;
        long left = offer & ~gone;
        for (boolean again = true; again; ) {
            again = false;
            for (Feature feature : values()) {
                long needed = feature.needs();
                if (feature.in(left) && (needed & gone) != 0 && (needed & left) == 0) {
                    left &= ~feature.mask();
                    gone |= feature.mask();
                    again = true;
                }
            }
        }
        return left;
    }

    /** Of these features at least one is needed for this one; 0 if it stands alone. */
    private long needs() {
        return switch (this) {
            case VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_HOST_TSO6, VIRTIO_NET_F_HOST_UFO, VIRTIO_NET_F_HOST_USO ->
                VIRTIO_NET_F_CSUM.mask();
            case VIRTIO_NET_F_HOST_ECN -> mask(VIRTIO_NET_F_HOST_TSO4, VIRTIO_NET_F_HOST_TSO6);
            case VIRTIO_NET_F_GUEST_TSO4,
                    VIRTIO_NET_F_GUEST_TSO6,
                    VIRTIO_NET_F_GUEST_UFO,
                    VIRTIO_NET_F_GUEST_USO4,
                    VIRTIO_NET_F_GUEST_USO6 -> VIRTIO_NET_F_GUEST_CSUM.mask();
            case VIRTIO_NET_F_GUEST_ECN -> mask(VIRTIO_NET_F_GUEST_TSO4, VIRTIO_NET_F_GUEST_TSO6);
            case VIRTIO_NET_F_CTRL_RX,
                    VIRTIO_NET_F_CTRL_VLAN,
                    VIRTIO_NET_F_CTRL_MAC_ADDR,
                    VIRTIO_NET_F_GUEST_ANNOUNCE,
                    VIRTIO_NET_F_MQ,
                    VIRTIO_NET_F_RSS -> VIRTIO_NET_F_CTRL_VQ.mask();
            case VIRTIO_F_RING_PACKED, VIRTIO_F_IN_ORDER -> VIRTIO_F_VERSION_1.mask();
            default -> 0;
        };
    }

    /** Names of the bits set, lowest first; then bits without a name, as {@code bit N}. */
    public static List<String> names(long features) {
        List<String> names = new ArrayList<>();
        long left = features;
        for (Feature feature : values()) {
            if (feature.in(left)) {
                names.add(feature.name());
                left &= ~feature.mask();
            }
        }
        for (; left != 0; left &= left - 1) {
            names.add("bit " + Long.numberOfTrailingZeros(left));
        }
        return List.copyOf(names);
    }
}
