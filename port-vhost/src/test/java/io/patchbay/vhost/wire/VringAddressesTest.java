package io.patchbay.vhost.wire;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VringAddressesTest {

    private static final VringAddresses RING = new VringAddresses(0, 0, 0x1000, 0x3000, 0x2000, 0);

    @Test
    void aRingIsTheSameWhereverItIsLogged() {
        assertThat(RING.isSameRing(
                        new VringAddresses(0, MessageDescriptor.ADDRESS_FLAG_LOG, 0x1000, 0x3000, 0x2000, 0x9000)))
                .isTrue();
    }

    @Test
    void aRingIsAnotherIfAnyOfItsPartsIsElsewhere() {
        assertThat(RING.isSameRing(new VringAddresses(0, 0, 0x1010, 0x3000, 0x2000, 0)))
                .isFalse();
        assertThat(RING.isSameRing(new VringAddresses(0, 0, 0x1000, 0x3010, 0x2000, 0)))
                .isFalse();
        assertThat(RING.isSameRing(new VringAddresses(0, 0, 0x1000, 0x3000, 0x2010, 0)))
                .isFalse();
    }
}
