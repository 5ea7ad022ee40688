package io.patchbay.vhost.ring;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which chains a packed ring has, and the turns of its wrap counters. */
class PackedRingTest extends PackedRingFixture {

    @Test
    void aChainOfDescriptorsBecomesItsBuffersAndHasTheIdOfItsLast() {
        descriptor(0, BUFFERS, 10, 7, NEXT);
        descriptor(1, BUFFERS + 100, 20, 3, 0);
        assertThat(read()).isEqualTo(ChainResult.OK);
        assertThat(chain.segments()).isEqualTo(2);
        assertThat(chain.offset(1)).isEqualTo(2 * PAGE + 100);
        assertThat(chain.bytes()).isEqualTo(30);
        assertThat(chain.head(0)).isEqualTo(3);
    }

    @Test
    void aChainMayGoRoundTheEndOfTheRing() throws Exception {
        ring = ringAt(7 | WRAP, new RingFeatures(true, true, false));
        descriptor(7, BUFFERS, 10, 0, NEXT);
        put(places.descriptors(), 0, BUFFERS + 100, 20, 5, USED); // of the next round
        put(places.descriptors(), 1, BUFFERS + 200, 30, 6, USED);
        assertThat(ring.available(8)).isEqualTo(2);
        assertThat(read()).isEqualTo(ChainResult.OK);
        assertThat(chain.bytes()).isEqualTo(30);
        use(5, 0);
        ring.publish();
        assertThat(flags(7)).isEqualTo(AVAIL | USED | NEXT);
        assertThat(ring.position()).isEqualTo(0x0001_0001L);
        assertThat(read()).isEqualTo(ChainResult.OK);
        use(6, 0);
        ring.publish();
        assertThat(flags(1)).isZero();
    }

    @ParameterizedTest(name = "flags 0x{0}, wrap counter {1}: {2}")
    @CsvSource({
        "0000, true, false",
        "0080, true, true",
        "8000, true, false",
        "8080, true, false",
        "0000, false, false",
        "0080, false, false",
        "8000, false, true",
        "8080, false, false"
    })
    void aDescriptorIsAvailableIfItsFlagsAreOfThisRound(String flags, boolean wrap, boolean available)
            throws Exception {
        ring = ringAt(wrap ? WRAP : 0, new RingFeatures(true, true, false));
        put(places.descriptors(), 0, BUFFERS, 10, 0, Integer.parseInt(flags, 16));
        assertThat(ring.available(1)).isEqualTo(available ? 1 : 0);
    }

    @DisplayName("S20, S17: packed, a chain longer than the ring")
    @Test
    void aChainThatNeverEndsBreaksTheRing() {
        for (int slot = 0; slot < SIZE; slot++) {
            descriptor(slot, 0, NEXT);
        }
        assertThat(ring.available(1)).isEqualTo(DeviceRing.BROKEN);
        assertThat(ring.whyBroken()).contains("longer than the ring");
    }

    @Test
    void aChainOfTheWholeRingIsGood() {
        for (int slot = 0; slot < SIZE; slot++) {
            descriptor(slot, 4, slot == SIZE - 1 ? 0 : NEXT);
        }
        assertThat(read()).isEqualTo(ChainResult.OK);
        assertThat(chain.segments()).isEqualTo(SIZE);
    }

    @Test
    void chainsBeforeOneThatNeverEndsAreStillServed() {
        descriptor(0, 1, 0);
        for (int slot = 1; slot < SIZE; slot++) {
            descriptor(slot, 0, NEXT);
        }
        assertThat(ring.available(8)).isEqualTo(1);
        assertThat(read()).isEqualTo(ChainResult.OK);
        use(1, 0);
        assertThat(ring.available(8)).isEqualTo(DeviceRing.BROKEN);
    }

    @DisplayName("S20: packed, flags that lie about the round")
    @Test
    void aChainThatReachesIntoWhatTheDeviceStillHoldsBreaksTheRing() {
        for (int slot = 0; slot < SIZE; slot++) {
            descriptor(slot, slot, slot < 3 ? 0 : NEXT);
        }
        assertThat(ring.available(3)).isEqualTo(3);
        ring.consume(3);
        assertThat(ring.available(1)).isEqualTo(DeviceRing.BROKEN);
    }

    @Test
    void nothingIsAvailableWhileTheDeviceHoldsEveryDescriptor() {
        for (int slot = 0; slot < SIZE; slot++) {
            descriptor(slot, slot, 0);
        }
        assertThat(ring.available(99)).isEqualTo(SIZE);
        ring.consume(SIZE);
        put(places.descriptors(), 0, BUFFERS, 10, 0, USED); // the next round already: a lie
        assertThat(ring.available(1)).isZero();
    }

    @DisplayName("S20 SPDK#3860: packed, an id outside the ring")
    @ParameterizedTest
    @ValueSource(ints = {SIZE, SIZE + 1, 0x7fff, 0xffff})
    void aBufferIdOutsideTheRingBreaksIt(int id) {
        descriptor(0, id, 0);
        assertThat(read()).isEqualTo(ChainResult.BROKEN);
        assertThat(ring.whyBroken()).contains("id " + id);
    }

    @DisplayName("S18: packed, a chain that is changed after its end was found")
    @Test
    void whereAChainEndsIsDecidedOnce() {
        descriptor(0, 1, NEXT);
        descriptor(1, 2, 0);
        descriptor(2, 3, 0);
        assertThat(ring.available(8)).isEqualTo(2);
        descriptor(0, 1, 0);
        descriptor(1, 2, NEXT);
        assertThat(read()).isEqualTo(ChainResult.OK);
        assertThat(chain.segments()).isEqualTo(2);
        assertThat(chain.head(0)).isEqualTo(2);
    }

    @Test
    void whatIsKnownIsNotLookedAtAgain() {
        descriptor(0, 1, 0);
        descriptor(1, 2, 0);
        assertThat(ring.available(2)).isEqualTo(2);
        put(places.descriptors(), 0, 0, 0, 0, 0);
        put(places.descriptors(), 1, 0, 0, 0, 0);
        assertThat(ring.available(2)).isEqualTo(2);
        assertThat(ring.available(3)).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({"0, false", "1, true", "2, true", "3, true", "255, true", "32768, true", "32769, false", "-2, false"})
    void aSizeIsAnyNumberUpTo32768(long size, boolean valid) {
        assertThat(PackedRingDescriptor.isValidSize(size)).isEqualTo(valid);
    }
}
