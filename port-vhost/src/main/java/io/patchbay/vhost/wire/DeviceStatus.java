package io.patchbay.vhost.wire;

import java.util.ArrayList;
import java.util.List;

/** Bits of the virtio device status (virtio 1.3 §2.1), by the names of the specification. */
public enum DeviceStatus {
    ACKNOWLEDGE(1),
    DRIVER(2),
    DRIVER_OK(4),
    FEATURES_OK(8),
    DEVICE_NEEDS_RESET(64),
    FAILED(128);

    private final int mask;

    DeviceStatus(int mask) {
        this.mask = mask;
    }

    public int mask() {
        return mask;
    }

    /** Names of the bits set, lowest first; bits without a name are left out. */
    public static List<String> names(int status) {
        List<String> names = new ArrayList<>();
        for (DeviceStatus bit : values()) {
            if ((status & bit.mask) != 0) {
                names.add(bit.name());
            }
        }
        return List.copyOf(names);
    }
}
