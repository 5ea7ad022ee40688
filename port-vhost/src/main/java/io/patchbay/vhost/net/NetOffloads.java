package io.patchbay.vhost.net;

import io.patchbay.core.frame.OffloadSet;
import io.patchbay.vhost.wire.Feature;

/**
 * Which offloads a guest's features mean (virtio 1.3 §5.1.3): HOST features allow it to leave work to us, GUEST features to us to leave work to
 * it.
 */
final class NetOffloads {

    /** All of them. */
    static final long FEATURES = Feature.mask(
            Feature.VIRTIO_NET_F_CSUM,
            Feature.VIRTIO_NET_F_HOST_TSO4,
            Feature.VIRTIO_NET_F_HOST_TSO6,
            Feature.VIRTIO_NET_F_HOST_ECN,
            Feature.VIRTIO_NET_F_HOST_UFO,
            Feature.VIRTIO_NET_F_HOST_USO,
            Feature.VIRTIO_NET_F_GUEST_CSUM,
            Feature.VIRTIO_NET_F_GUEST_TSO4,
            Feature.VIRTIO_NET_F_GUEST_TSO6,
            Feature.VIRTIO_NET_F_GUEST_ECN,
            Feature.VIRTIO_NET_F_GUEST_UFO,
            Feature.VIRTIO_NET_F_GUEST_USO4,
            Feature.VIRTIO_NET_F_GUEST_USO6);

    private NetOffloads() {}

    /** What the guest may ask for. Nothing without CSUM, which everything else requires (§5.1.3.1): its headers are then not looked at. */
    static int asked(long features) {
        if (!Feature.VIRTIO_NET_F_CSUM.in(features)) {
            return OffloadSet.NOTHING;
        }
        return OffloadSet.CSUM
                | bit(features, Feature.VIRTIO_NET_F_HOST_TSO4, OffloadSet.TSO4)
                | bit(features, Feature.VIRTIO_NET_F_HOST_TSO6, OffloadSet.TSO6)
                | bit(features, Feature.VIRTIO_NET_F_HOST_ECN, OffloadSet.ECN)
                | bit(features, Feature.VIRTIO_NET_F_HOST_UFO, OffloadSet.UFO)
                | bit(features, Feature.VIRTIO_NET_F_HOST_USO, OffloadSet.USO4 | OffloadSet.USO6);
    }

    /** What the guest takes upon itself. Nothing without GUEST_CSUM, which everything else requires. */
    static int taken(long features) {
        if (!Feature.VIRTIO_NET_F_GUEST_CSUM.in(features)) {
            return OffloadSet.NOTHING;
        }
        return OffloadSet.CSUM
                | bit(features, Feature.VIRTIO_NET_F_GUEST_TSO4, OffloadSet.TSO4)
                | bit(features, Feature.VIRTIO_NET_F_GUEST_TSO6, OffloadSet.TSO6)
                | bit(features, Feature.VIRTIO_NET_F_GUEST_ECN, OffloadSet.ECN)
                | bit(features, Feature.VIRTIO_NET_F_GUEST_UFO, OffloadSet.UFO)
                | bit(features, Feature.VIRTIO_NET_F_GUEST_USO4, OffloadSet.USO4)
                | bit(features, Feature.VIRTIO_NET_F_GUEST_USO6, OffloadSet.USO6);
    }

    private static int bit(long features, Feature feature, int offload) {
        return feature.in(features) ? offload : OffloadSet.NOTHING;
    }
}
