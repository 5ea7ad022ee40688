package io.patchbay.vhost.net;

import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.ProtocolFeature;

/** What the network device can do, as the two words of feature bits that front ends ask for. */
final class NetFeatures {

    static final long VIRTIO = NetOffloads.FEATURES
            | Feature.mask(
                    Feature.VIRTIO_F_VERSION_1,
                    Feature.VIRTIO_F_INDIRECT_DESC,
                    Feature.VIRTIO_F_EVENT_IDX,
                    Feature.VIRTIO_F_ANY_LAYOUT,
                    Feature.VIRTIO_F_RING_PACKED,
                    Feature.VIRTIO_F_IN_ORDER,
                    Feature.VIRTIO_NET_F_MRG_RXBUF,
                    Feature.VIRTIO_NET_F_MTU,
                    Feature.VIRTIO_NET_F_CTRL_VQ,
                    Feature.VIRTIO_NET_F_GUEST_ANNOUNCE,
                    Feature.VIRTIO_NET_F_MQ,
                    Feature.VHOST_F_LOG_ALL,
                    Feature.VHOST_USER_F_PROTOCOL_FEATURES);

    static final long PROTOCOL = ProtocolFeature.mask(
            ProtocolFeature.VHOST_USER_PROTOCOL_F_MQ,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_LOG_SHMFD,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_RARP,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_REPLY_ACK,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_MTU,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_RESET_DEVICE,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS,
            ProtocolFeature.VHOST_USER_PROTOCOL_F_STATUS);

    private NetFeatures() {}
}
