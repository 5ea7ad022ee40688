package io.patchbay.testbed.bench;

import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.wire.Feature;

/** Kinds of virtqueue a guest's driver may have negotiated. */
enum Driver {
    SPLIT,
    PACKED(Feature.VIRTIO_F_RING_PACKED),
    /** As DPDK's driver by default. */
    PACKED_IN_ORDER(Feature.VIRTIO_F_RING_PACKED, Feature.VIRTIO_F_IN_ORDER);

    private final FrontEndSettings settings;

    Driver(Feature... more) {
        this.settings = FrontEndSettings.MODERN.with(more);
    }

    FrontEndSettings settings() {
        return settings;
    }
}
