package io.patchbay.vhost.frontend;

import io.patchbay.vhost.wire.Feature;

/**
 * What a front end negotiates and how large it is.
 *
 * @param features virtio features wanted; VHOST_USER_F_PROTOCOL_FEATURES is added, and VIRTIO_NET_F_MQ for more than one pair of queues
 * @param queueSize entries of each virtqueue, a power of two unless VIRTIO_F_RING_PACKED is wanted
 * @param bufferBytes size of each receive buffer
 * @param queuePairs pairs of virtqueues, at least 1
 */
public record FrontEndSettings(long features, int queueSize, int bufferBytes, int queuePairs) {

    /** A modern driver with room for frames of common size. */
    public static final FrontEndSettings MODERN = new FrontEndSettings(
            Feature.mask(
                    Feature.VIRTIO_F_VERSION_1,
                    Feature.VIRTIO_NET_F_MRG_RXBUF,
                    Feature.VIRTIO_F_INDIRECT_DESC,
                    Feature.VIRTIO_F_EVENT_IDX),
            256,
            2048);

    /** One pair of virtqueues. */
    public FrontEndSettings(long features, int queueSize, int bufferBytes) {
        this(features, queueSize, bufferBytes, 1);
    }

    /** The same with more features. */
    public FrontEndSettings with(Feature... more) {
        return new FrontEndSettings(features | Feature.mask(more), queueSize, bufferBytes, queuePairs);
    }

    /** The same with virtqueues of so many entries, and receive buffers of so many bytes. */
    public FrontEndSettings withSizes(int entries, int bytes) {
        return new FrontEndSettings(features, entries, bytes, queuePairs);
    }

    /** The same with so many pairs of virtqueues. */
    public FrontEndSettings withQueuePairs(int pairs) {
        return new FrontEndSettings(features, queueSize, bufferBytes, pairs);
    }

    /** All virtio features that are negotiated. */
    long negotiated() {
        long multiqueue = queuePairs > 1 ? Feature.VIRTIO_NET_F_MQ.mask() : 0;
        return features | multiqueue | Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask();
    }

    int headerBytes() {
        boolean longHeader = Feature.VIRTIO_F_VERSION_1.in(features) || Feature.VIRTIO_NET_F_MRG_RXBUF.in(features);
        return longHeader ? 12 : 10;
    }
}
