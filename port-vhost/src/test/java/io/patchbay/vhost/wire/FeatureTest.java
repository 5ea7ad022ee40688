package io.patchbay.vhost.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FeatureTest {

    @ParameterizedTest
    @CsvSource({
        "VIRTIO_NET_F_CSUM, 0",
        "VIRTIO_NET_F_MTU, 3",
        "VIRTIO_NET_F_HOST_TSO4, 11",
        "VIRTIO_NET_F_MRG_RXBUF, 15",
        "VIRTIO_NET_F_CTRL_VQ, 17",
        "VIRTIO_NET_F_GUEST_ANNOUNCE, 21",
        "VIRTIO_NET_F_MQ, 22",
        "VHOST_F_LOG_ALL, 26",
        "VIRTIO_F_INDIRECT_DESC, 28",
        "VIRTIO_F_EVENT_IDX, 29",
        "VHOST_USER_F_PROTOCOL_FEATURES, 30",
        "VIRTIO_F_VERSION_1, 32",
        "VIRTIO_F_RING_PACKED, 34",
        "VIRTIO_F_RING_RESET, 40",
        "VIRTIO_NET_F_RSS, 60",
        "VIRTIO_NET_F_SPEED_DUPLEX, 63"
    })
    void aFeatureHasTheBitOfItsSpecification(Feature feature, int bit) {
        assertThat(feature.mask()).isEqualTo(1L << bit);
    }

    @ParameterizedTest
    @CsvSource({
        "VHOST_USER_PROTOCOL_F_MQ, 0",
        "VHOST_USER_PROTOCOL_F_RARP, 2",
        "VHOST_USER_PROTOCOL_F_REPLY_ACK, 3",
        "VHOST_USER_PROTOCOL_F_MTU, 4",
        "VHOST_USER_PROTOCOL_F_INFLIGHT_SHMFD, 12",
        "VHOST_USER_PROTOCOL_F_RESET_DEVICE, 13",
        "VHOST_USER_PROTOCOL_F_CONFIGURE_MEM_SLOTS, 15",
        "VHOST_USER_PROTOCOL_F_STATUS, 16",
        "VHOST_USER_PROTOCOL_F_DEVICE_STATE, 19"
    })
    void aProtocolFeatureHasTheBitOfItsSpecification(ProtocolFeature feature, int bit) {
        assertThat(feature.mask()).isEqualTo(1L << bit);
    }

    @Test
    void namesComeLowestBitFirstAndBitsWithoutANameLast() {
        assertThat(Feature.names(1L << 63 | 1L << 58 | 1L << 15 | 1L << 4))
                .containsExactly("VIRTIO_NET_F_MRG_RXBUF", "VIRTIO_NET_F_SPEED_DUPLEX", "bit 4", "bit 58");
        assertThat(ProtocolFeature.names(1L << 40 | 1L << 3 | 1L))
                .containsExactly("VHOST_USER_PROTOCOL_F_MQ", "VHOST_USER_PROTOCOL_F_REPLY_ACK", "bit 40");
    }

    @Test
    void noBitsHaveNoNames() {
        assertThat(Feature.names(0)).isEmpty();
        assertThat(ProtocolFeature.names(0)).isEmpty();
    }

    @Test
    void aMaskHasTheBitsOfAllItsFeatures() {
        assertThat(Feature.mask(Feature.VIRTIO_NET_F_CSUM, Feature.VIRTIO_F_VERSION_1))
                .isEqualTo(1L << 32 | 1);
    }
}
