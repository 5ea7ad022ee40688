package io.patchbay.vhost.frontend;

import io.patchbay.vhost.wire.Feature;

/**
 * What a front end negotiates and how large it is.
 *
 * @param features virtio features wanted; VHOST_USER_F_PROTOCOL_FEATURES is added
 * @param queueSize entries of each virtqueue, a power of two unless VIRTIO_F_RING_PACKED is wanted
 * @param bufferBytes size of each receive buffer
 */
public record FrontEndSettings(long features, int queueSize, int bufferBytes) {

    /** A modern driver with room for frames of common size. */
    public static final FrontEndSettings MODERN = new FrontEndSettings(
            Feature.mask(
                    Feature.VIRTIO_F_VERSION_1,
                    Feature.VIRTIO_NET_F_MRG_RXBUF,
                    Feature.VIRTIO_F_INDIRECT_DESC,
                    Feature.VIRTIO_F_EVENT_IDX),
            256,
            2048);

    int headerBytes() {
        boolean longHeader = Feature.VIRTIO_F_VERSION_1.in(features) || Feature.VIRTIO_NET_F_MRG_RXBUF.in(features);
        return longHeader ? 12 : 10;
    }
}
