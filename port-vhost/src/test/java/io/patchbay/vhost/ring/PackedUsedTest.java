package io.patchbay.vhost.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the device gives back in a packed ring, what driver and device ask each other to be told, and where a queue goes on. */
class PackedUsedTest extends PackedRingFixture {

    @Test
    void theDriverSeesNoUsedDescriptorBeforeTheyAreShown() {
        for (int slot = 0; slot < 3; slot++) {
            descriptor(slot, 5 - slot, 0);
        }
        ring.available(3);
        ring.consume(3);
        ring.use(5, 0);
        ring.use(4, 77);
        ring.use(3, 0x4000_0000);
        assertThat(flags(0)).isEqualTo(AVAIL);
        ring.publish();
        assertThat(flags(0)).isEqualTo(AVAIL | USED);
        assertThat(id(0)).isEqualTo(5);
        assertThat(length(0)).isZero();
        assertThat(flags(1)).isEqualTo(AVAIL | USED | WRITE);
        assertThat(id(1)).isEqualTo(4);
        assertThat(length(1)).isEqualTo(77);
        assertThat(id(2)).isEqualTo(3);
        assertThat(length(2)).isEqualTo(0x4000_0000);
    }

    @Test
    void oneUsedDescriptorWithTheLastIdClosesABatchIfTheDriverExpectsOrder() throws Exception {
        ring = ringAt(PackedRingDescriptor.FRESH, new RingFeatures(true, true, true));
        descriptor(0, 0, 0);
        descriptor(1, 1, NEXT);
        descriptor(2, 1, 0);
        descriptor(3, 3, 0);
        descriptor(4, 4, 0);
        assertThat(ring.available(8)).isEqualTo(4);
        ring.consume(4);
        ring.use(0, 0);
        ring.use(1, 0);
        ring.use(3, 0);
        ring.publish();
        assertThat(id(0)).isEqualTo(3);
        assertThat(length(0)).as("descriptors of the batch").isEqualTo(4);
        assertThat(flags(0)).isEqualTo(AVAIL | USED);
        assertThat(flags(1)).isEqualTo(AVAIL | NEXT);
        assertThat(flags(3)).isEqualTo(AVAIL);
        ring.use(4, 0);
        ring.publish();
        assertThat(flags(4)).isEqualTo(AVAIL | USED);
    }

    @ParameterizedTest(name = "event {0}, at {1} after {2} descriptors: {3}")
    @CsvSource({
        // a position is index + 32768 for wrap counter 1
        "32768, 32769, 1, true",
        "32769, 32769, 1, false", // the next one
        "32768, 32770, 1, false", // passed before
        "32769, 32772, 3, true",
        "32775, 0, 1, true", // the last of the round
        "32775, 3, 4, true",
        "32774, 3, 4, false",
        "0, 3, 4, true", // the first of the next
        "2, 3, 4, true",
        "3, 3, 4, false",
        "32768, 0, 8, true", // a whole round
        "0, 32768, 8, true",
        "32771, 3, 8, true",
        "32770, 3, 8, false",
        "32767, 3, 8, false", // outside the ring
        "65535, 3, 8, false",
    })
    void theDriverIsNotifiedIfTheDescriptorItNamedIsPassed(int event, int now, int moved, boolean notified) {
        assertThat(PackedRingDescriptor.passes(event, now, moved, SIZE)).isEqualTo(notified);
    }

    @ParameterizedTest(name = "flags {0}, descriptor {1}, event index negotiated: {2}")
    @CsvSource({
        "0, 0, true, true",
        "0, 0, false, true",
        "1, 0, true, false",
        "1, 0, false, false",
        "2, 32768, true, true",
        "2, 32769, true, false",
        "2, 32769, false, true", // means nothing then
        "3, 32769, true, true", // means nothing
    })
    void theDriverIsNotifiedAsItsEventSuppressionSays(int flags, int offset, boolean eventIdx, boolean notified)
            throws Exception {
        ring = ringAt(PackedRingDescriptor.FRESH, new RingFeatures(eventIdx, true, false));
        descriptor(0, 0, 0);
        places.available().set(PackedRingDescriptor.U32, 0, offset | flags << 16);
        ring.available(1);
        use(0, 0);
        assertThat(ring.publish()).isEqualTo(notified);
        assertThat(ring.publish()).isFalse();
    }

    @ParameterizedTest(name = "event index {0}: {1}")
    @CsvSource({"true, 163841", "false, 32769"})
    void kicksAreAskedForAtTheNextDescriptorOrAtAny(boolean eventIdx, int expected) throws Exception {
        ring = ringAt(PackedRingDescriptor.FRESH, new RingFeatures(eventIdx, true, false));
        descriptor(0, 0, 0);
        ring.available(1);
        use(0, 0);
        ring.publish();
        assertThat(ring.enableKicks()).isFalse();
        assertThat(places.used().get(PackedRingDescriptor.U32, 0)).isEqualTo(expected);
        ring.disableKicks();
        assertThat(places.used().get(PackedRingDescriptor.U32, 0) >>> 16).isEqualTo(1);
    }

    @Test
    void aChainThatComesWhileKicksAreBeingEnabledIsNoticed() {
        assertThat(ring.enableKicks()).isFalse();
        descriptor(0, 0, 0);
        assertThat(ring.enableKicks()).isTrue();
    }

    @Test
    void aQueueStandsWhereItHasUsedWhatItTook() {
        descriptor(0, 0, NEXT);
        descriptor(1, 0, 0);
        descriptor(2, 1, 0);
        assertThat(ring.position()).isEqualTo(0x8000_8000L);
        assertThat(ring.available(2)).isEqualTo(2);
        use(0, 0);
        ring.publish();
        assertThat(ring.position()).isEqualTo(0x8002_8002L);
    }

    @ParameterizedTest(name = "base 0x{0}, descriptor 0 has flags 0x{1}: 0x{2}")
    @CsvSource({
        "80008000, 0000, 8000", // fresh
        "00008000, 0000, 8000", // fresh, by DPDK
        "00008000, 0080, 8000",
        "00000005, 0000, 5", // DPDK
        "00000005, 8000, 0", // five taken and not used
        "00000000, 8000, 0", // at the end of a round
        "00000000, 8080, 0",
        "00000000, 0000, 8000", // fresh, by a front end that knows of split rings only
        "00000000, 0080, 8000",
        "80028005, 0000, 8002", // taken and not used: again
        "80070003, 0000, 8007",
    })
    void aQueueResumesWhereItsUsedHalfSays(String base, String flags, String position) throws Exception {
        put(places.descriptors(), 0, BUFFERS, 10, 0, Integer.parseInt(flags, 16));
        assertThat(PackedRing.resumeAt(Long.parseLong(base, 16), SIZE, places))
                .isEqualTo(Integer.parseInt(position, 16));
    }

    @ParameterizedTest(name = "0x{0}")
    @ValueSource(strings = {"80088000", "00000008", "0000ffff", "7fff0000"})
    void aQueueDoesNotResumeOutsideItsRing(String base) {
        assertThatThrownBy(() -> PackedRing.resumeAt(Long.parseLong(base, 16), SIZE, places))
                .isInstanceOf(InvalidRingException.class)
                .hasMessageContaining("outside a ring of 8");
    }
}
