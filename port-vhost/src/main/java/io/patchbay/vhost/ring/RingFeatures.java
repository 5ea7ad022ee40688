package io.patchbay.vhost.ring;

/**
 * The negotiated features that change how a ring is read.
 *
 * @param eventIdx VIRTIO_F_EVENT_IDX
 * @param indirect VIRTIO_F_INDIRECT_DESC
 * @param usedInBatches one used descriptor may stand for all chains of a batch: VIRTIO_F_IN_ORDER, for a queue the device only reads from,
 *     since a driver takes buffers that are skipped for full
 */
public record RingFeatures(boolean eventIdx, boolean indirect, boolean usedInBatches) {}
