package io.patchbay.vhost.ring;

/**
 * The negotiated features that change how a ring is read.
 *
 * @param eventIdx VIRTIO_F_EVENT_IDX
 * @param indirect VIRTIO_F_INDIRECT_DESC
 */
public record RingFeatures(boolean eventIdx, boolean indirect) {}
