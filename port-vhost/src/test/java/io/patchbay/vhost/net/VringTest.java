package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class VringTest {

    private final Vring vring = new Vring();

    @Test
    void whereTheQueueOfAnotherFrontEndStandsIsNotKnown() {
        vring.setHasRun();
        vring.setBase(7);
        vring.reset();
        assertThat(vring.hasRun()).isFalse();
        assertThat(vring.baseOr(0)).isZero();
    }

    @Test
    void aQueueThatWasStoppedHasNoTroubleAnyMore() {
        vring.start();
        vring.setTrouble("the guest broke the ring");
        vring.stop();
        assertThat(vring.trouble()).isEmpty();
    }
}
