package io.patchbay.vhost.wire;

import java.util.ArrayList;
import java.util.List;

/** Bits of the vhost-user protocol itself, by the names of its specification. */
public enum ProtocolFeature {
    VHOST_USER_PROTOCOL_F_MQ(0),
    VHOST_USER_PROTOCOL_F_LOG_SHMFD(1),
    VHOST_USER_PROTOCOL_F_RARP(2),
    VHOST_USER_PROTOCOL_F_REPLY_ACK(3),
    VHOST_USER_PROTOCOL_F_MTU(4),
    VHOST_USER_PROTOCOL_F_BACKEND_REQ(5),
    VHOST_USER_PROTOCOL_F_CROSS_ENDIAN(6),
    VHOST_USER_PROTOCOL_F_CRYPTO_SESSION(7),
    VHOST_USER_PROTOCOL_F_PAGEFAULT(8),
    VHOST_USER_PROTOCOL_F_CONFIG(9),
    VHOST_USER_PROTOCOL_F_BACKEND_SEND_FD(10),
    VHOST_USER_PROTOCOL_F_HOST_NOTIFIER(11),
    VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD(12),
    VHOST_USER_PROTOCOL_F_RESET_DEVICE(13),
    VHOST_USER_PROTOCOL_F_INBAND_NOTIFICATIONS(14),
    VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS(15),
    VHOST_USER_PROTOCOL_F_STATUS(16),
    VHOST_USER_PROTOCOL_F_XEN_MMAP(17),
    VHOST_USER_PROTOCOL_F_SHARED_OBJECT(18),
    VHOST_USER_PROTOCOL_F_DEVICE_STATE(19);

    private final int bit;

    ProtocolFeature(int bit) {
        this.bit = bit;
    }

    public long mask() {
        return 1L << bit;
    }

    public boolean in(long features) {
        return (features & mask()) != 0;
    }

    public static long mask(ProtocolFeature... features) {
        long mask = 0;
        for (ProtocolFeature feature : features) {
            mask |= feature.mask();
        }
        return mask;
    }

    /** Names of the bits set, lowest first; then bits without a name, as {@code bit N}. */
    public static List<String> names(long features) {
        List<String> names = new ArrayList<>();
        long left = features;
        for (ProtocolFeature feature : values()) {
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
