package io.patchbay.vhost.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a new device makes of a ring that another has left, where {@link RingModelTest} does not lead; the front end always says 0x8000. */
class PackedResumeTest {

    private static final int SIZE = 8;
    private static final RingFeatures FEATURES = new RingFeatures(true, true, false);
    private static final int FRESH = PackedRingDescriptor.FRESH;
    private static final int NEXT = PackedRingDescriptor.FLAG_NEXT;
    private static final int AVAIL = PackedRingDescriptor.FLAG_AVAIL;
    private static final int USED = PackedRingDescriptor.FLAG_USED;
    private static final int DISABLED = PackedRingDescriptor.EVENT_FLAGS_DISABLE << 16;

    private final MemorySegment memory = Arena.ofAuto().allocate(4096, 16);
    private final RingPlaces places = new RingPlaces(
            memory.asSlice(0, PackedRingDescriptor.descriptorsBytes(SIZE)),
            memory.asSlice(1024, PackedRingDescriptor.EVENT_BYTES),
            memory.asSlice(2048, PackedRingDescriptor.EVENT_BYTES));

    private void put(int slot, int id, int length, int flags) {
        memory.set(PackedRingDescriptor.U64, 16L * slot + 8, length | (long) id << 32 | (long) flags << 48);
    }

    private long rest(int slot) {
        return memory.get(PackedRingDescriptor.U64, 16L * slot + 8);
    }

    private void noted(int position) {
        places.used().set(PackedRingDescriptor.U32, 0, position | DISABLED);
    }

    private int noted() {
        return places.used().get(PackedRingDescriptor.U32, 0);
    }

    private int resumed() {
        return PackedResume.position(FRESH, SIZE, places, FEATURES, RingLog.OFF);
    }

    private void offerAll(int wrapFlags) {
        for (int slot = 0; slot < SIZE; slot++) {
            put(slot, slot, 100, wrapFlags);
        }
    }

    /** A device that uses the next {@code n} chains. */
    private PackedRing device(int at, int n) {
        PackedRing ring = new PackedRing(SIZE, places, FEATURES, at, GuestMemory.EMPTY);
        assertThat(ring.available(n)).isGreaterThanOrEqualTo(n);
        ring.consume(n);
        for (int i = 0; i < n; i++) {
            ring.use(PackedRingDescriptor.index(at) + i, 0);
        }
        return ring;
    }

    @Test
    void aFreshRingBeginsWhereTheFrontEndSays() {
        assertThat(resumed()).isEqualTo(FRESH);
        offerAll(AVAIL);
        assertThat(resumed()).isEqualTo(FRESH);
    }

    @Test
    void thePositionIsNotedWithEachBatchAndWhenKicksAreNotWanted() {
        offerAll(AVAIL);
        PackedRing ring = device(FRESH, 3);
        ring.disableKicks();
        assertThat(noted()).as("what the driver does not know is not noted").isEqualTo(FRESH | DISABLED);
        ring.publish();
        assertThat(noted()).isEqualTo(0x8003 | DISABLED);
        assertThat(resumed()).isEqualTo(0x8003);
    }

    @Test
    void thePositionZeroOfAnEvenRoundIsNotedAsTheEndOfTheOddOne() {
        offerAll(AVAIL);
        device(FRESH, SIZE).publish();
        assertThat(noted()).isEqualTo(0x8008 | DISABLED);
        assertThat(resumed()).isZero();
    }

    @Test
    void aDeviceThatSleptStandsWhereItWantedToBeKicked() {
        offerAll(AVAIL);
        PackedRing ring = device(FRESH, SIZE);
        ring.publish();
        assertThat(ring.enableKicks()).isFalse();
        assertThat(noted()).isEqualTo(PackedRingDescriptor.EVENT_FLAGS_DESC << 16);
        assertThat(resumed()).isZero();
    }

    @Test
    void kicksAreNotAskedForWhileChainsAreKnownThatHaveNotBeenTaken() {
        offerAll(AVAIL);
        PackedRing ring = device(FRESH, 3);
        ring.publish();
        assertThat(ring.enableKicks()).isTrue();
        assertThat(resumed()).isEqualTo(0x8003);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 7, 8})
    void aBatchThatWasShownAndNotNotedIsPassed(int chains) {
        offerAll(AVAIL);
        PackedRing ring = device(FRESH, chains);
        ring.disableKicks();
        ring.publish();
        noted(FRESH);
        assertThat(resumed()).isEqualTo(chains == SIZE ? 0 : 0x8000 | chains);
    }

    @Test
    void aBatchOfABufferInOrderIsPassedByItsLength() {
        RingFeatures inOrder = new RingFeatures(true, true, true);
        offerAll(AVAIL);
        PackedRing ring = new PackedRing(SIZE, places, inOrder, FRESH, GuestMemory.EMPTY);
        assertThat(ring.available(5)).isGreaterThanOrEqualTo(5);
        ring.consume(5);
        for (int i = 0; i < 5; i++) {
            ring.use(i, 0);
        }
        ring.publish();
        assertThat(PackedResume.position(FRESH, SIZE, places, inOrder, RingLog.OFF))
                .isEqualTo(0x8005);
        noted(FRESH);
        assertThat(PackedResume.position(FRESH, SIZE, places, inOrder, RingLog.OFF))
                .isEqualTo(0x8005);
    }

    @Test
    void aBatchThatWasBegunIsShownEmpty() {
        put(0, 0, 100, AVAIL);
        put(1, 9, 100, AVAIL | NEXT);
        put(2, 1, 100, AVAIL);
        put(3, 3, 100, AVAIL | NEXT);
        put(4, 3, 100, AVAIL);
        put(5, 5, 100, AVAIL);
        noted(FRESH);
        put(3, 3, 77, AVAIL | USED | NEXT); // the third of four chains is the first that was written
        assertThat(resumed()).isEqualTo(0x8005);
        assertThat(rest(0)).isEqualTo((long) (AVAIL | USED) << 48);
        assertThat(rest(1)).isEqualTo(1L << 32 | (long) (AVAIL | USED | NEXT) << 48);
        assertThat(rest(3)).isEqualTo(3L << 32 | (long) (AVAIL | USED | NEXT) << 48);
        assertThat(rest(5)).as("not part of it").isEqualTo(100 | 5L << 32 | (long) AVAIL << 48);
    }

    /** A device of others leaves the field as it was when it last asked for kicks. */
    @ParameterizedTest(name = "noted 0x{0}")
    @CsvSource({"8001", "8005", "0001", "0005", "8009", "ffff", "7fff", "0008"})
    void whatTheRingDoesNotBearOutIsNotBelieved(String noted) {
        offerAll(AVAIL);
        device(FRESH, 3).publish();
        int position = Integer.parseInt(noted, 16);
        noted(position);
        assertThat(PackedResume.position(0x8003, SIZE, places, FEATURES, RingLog.OFF))
                .isEqualTo(0x8003);
    }

    @Test
    void whateverAGuestWritesTheAnswerIsInTheRing() {
        Random random = new Random(7);
        for (int round = 0; round < 100_000; round++) {
            for (int slot = 0; slot < SIZE; slot++) {
                put(slot, random.nextInt(), random.nextInt(20), random.nextInt() & (AVAIL | USED | NEXT));
            }
            noted(random.nextInt(3) == 0 ? random.nextInt(65_536) : random.nextInt(SIZE + 1) | random.nextInt(2) << 15);
            RingFeatures features = new RingFeatures(random.nextBoolean(), true, random.nextBoolean());
            int position = PackedResume.position(FRESH, SIZE, places, features, RingLog.OFF);
            assertThat(PackedRingDescriptor.index(position)).isLessThan(SIZE);
        }
    }
}
