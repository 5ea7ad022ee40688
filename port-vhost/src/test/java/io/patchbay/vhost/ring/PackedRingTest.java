package io.patchbay.vhost.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.GuestRegion;
import io.patchbay.vhost.wire.RegionDescription;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The ring as a hostile driver fills it, and the turns of its wrap counters. */
class PackedRingTest {

    private static final int SIZE = 8;
    private static final int PAGE = 4096;
    private static final long LOW = 0x10_0000;
    private static final long HIGH = LOW + 4 * PAGE; // directly behind the first region
    private static final long HOLE = HIGH + 4 * PAGE;
    private static final long BUFFERS = LOW + 2 * PAGE;
    private static final long TABLE = LOW + PAGE;
    private static final int NEXT = PackedRingDescriptor.FLAG_NEXT;
    private static final int WRITE = PackedRingDescriptor.FLAG_WRITE;
    private static final int INDIRECT = PackedRingDescriptor.FLAG_INDIRECT;
    private static final int AVAIL = PackedRingDescriptor.FLAG_AVAIL;
    private static final int USED = PackedRingDescriptor.FLAG_USED;
    private static final int WRAP = PackedRingDescriptor.WRAP;

    private GuestRegion low;
    private GuestRegion high;
    private MemorySegment memory;
    private RingPlaces places;
    private PackedRing ring;
    private final Chain chain = new Chain();

    @BeforeEach
    void twoNeighbouringRegions() throws Exception {
        low = GuestRegion.map(
                new RegionDescription(LOW, 4 * PAGE, 0x7000_0000, 0), SharedMemory.createMemfd("low", 4 * PAGE));
        high = GuestRegion.map(
                new RegionDescription(HIGH, 4 * PAGE, 0x9000_0000L, 0), SharedMemory.createMemfd("high", 4 * PAGE));
        memory = low.memory();
        places = new RingPlaces(
                memory.asSlice(0, PackedRingDescriptor.descriptorsBytes(SIZE)),
                memory.asSlice(1024, PackedRingDescriptor.EVENT_BYTES),
                memory.asSlice(2048, PackedRingDescriptor.EVENT_BYTES));
        ring = ringAt(PackedRingDescriptor.FRESH, new RingFeatures(true, true, false));
    }

    @AfterEach
    void unmap() {
        low.close();
        high.close();
    }

    private PackedRing ringAt(int position, RingFeatures features) throws Exception {
        return new PackedRing(SIZE, places, features, position, GuestMemory.of(List.of(low, high)));
    }

    /** An available descriptor of the first round. */
    private void descriptor(int slot, long address, long length, int id, int flags) {
        put(places.descriptors(), slot, address, length, id, flags | AVAIL);
    }

    private void descriptor(int slot, int id, int flags) {
        descriptor(slot, BUFFERS + 64L * slot, 10, id, flags);
    }

    private void indirect(int index, long address, long length, int flags) {
        put(memory.asSlice(PAGE, PAGE), index, address, length, 0xffff, flags);
    }

    private static void put(MemorySegment table, int index, long address, long length, int id, int flags) {
        table.set(PackedRingDescriptor.U64, 16L * index, address);
        table.set(PackedRingDescriptor.U64, 16L * index + 8, length | (long) id << 32 | (long) flags << 48);
    }

    private int flags(int slot) {
        return places.descriptors().get(PackedRingDescriptor.U16, 16L * slot + 14) & 0xffff;
    }

    private int id(int slot) {
        return places.descriptors().get(PackedRingDescriptor.U16, 16L * slot + 12) & 0xffff;
    }

    private int length(int slot) {
        return places.descriptors().get(PackedRingDescriptor.U32, 16L * slot + 8);
    }

    private ChainResult read() {
        chain.clear();
        assertThat(ring.available(1)).isPositive();
        return ring.read(0, false, chain);
    }

    /** Consumes the next chain and gives it back. */
    private void use(int id, int written) {
        ring.consume(1);
        ring.use(id, written);
    }

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

    @DisplayName("S20 CVE-2020-10725, S12, S13: packed, a buffer outside memory")
    @ParameterizedTest(name = "{0} + {1}")
    @CsvSource({
        "0, 1", // below all
        "0, 0", // nothing, but there
        "1048575, 1", // the byte before the first region
        "1048575, 10", // into the first region
        "1081344, 1", // the byte after the last region
        "1081343, 2", // out of the last region
        "1048576, 4294967295", // longer than all
        "-1, 1", // the last address there is
        "-1, 10", // around the end of the address space
        "-9223372036854775808, 16",
    })
    void aBufferOutsideMemoryIsABadChain(long address, long length) {
        descriptor(0, address, length, 2, 0);
        assertThat(read()).isEqualTo(ChainResult.BAD);
        assertThat(chain.head(0)).isEqualTo(2);
    }

    @Test
    void aBufferOnTheLastByteOfARegionIsGood() {
        descriptor(0, HIGH - 1, 1, 0, 0);
        assertThat(read()).isEqualTo(ChainResult.OK);
    }

    @Test
    void aBufferThatCrossesIntoTheNextRegionBecomesTwoPieces() {
        descriptor(0, HIGH - 10, 30, 0, 0);
        assertThat(read()).isEqualTo(ChainResult.OK);
        assertThat(chain.length(0)).isEqualTo(10);
        assertThat(chain.length(1)).isEqualTo(20);
    }

    @Test
    void aWritableBufferWhereTheDeviceReadsIsABadChain() {
        descriptor(0, 0, NEXT);
        descriptor(1, 1, WRITE);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @Test
    void aReadableBufferWhereTheDeviceWritesIsABadChain() {
        descriptor(0, 0, 0);
        assertThat(ring.available(1)).isEqualTo(1);
        assertThat(ring.read(0, true, chain)).isEqualTo(ChainResult.BAD);
    }

    @Test
    void aChainOfMoreDescriptorsThanAFrameHasPiecesBreaksALargeRing() throws Exception {
        RingPlaces large = new RingPlaces(
                Arena.ofAuto().allocate(PackedRingDescriptor.descriptorsBytes(PackedRingDescriptor.MAX_SIZE), 16),
                places.available(),
                places.used());
        GuestMemory guest = GuestMemory.of(List.of(low, high));
        for (int more = 0; more <= 1; more++) {
            int n = Chain.MAX_SEGMENTS + more;
            for (int slot = 0; slot < n; slot++) {
                put(large.descriptors(), slot, BUFFERS, 10, slot, AVAIL | (slot == n - 1 ? 0 : NEXT));
            }
            ring = new PackedRing(
                    PackedRingDescriptor.MAX_SIZE,
                    large,
                    new RingFeatures(true, true, false),
                    PackedRingDescriptor.FRESH,
                    guest);
            assertThat(ring.available(1)).isEqualTo(more == 0 ? 1 : DeviceRing.BROKEN);
        }
    }

    @Test
    void chainsThatTogetherHaveTooManyPiecesAreTooLong() {
        descriptor(0, 1, 0);
        descriptor(1, 2, 0);
        ring.available(2);
        chain.clear();
        while (chain.segments() < Chain.MAX_SEGMENTS - 1) {
            assertThat(ring.read(0, false, chain)).isEqualTo(ChainResult.OK);
        }
        assertThat(ring.read(0, false, chain)).isEqualTo(ChainResult.OK);
        assertThat(ring.read(1, false, chain)).isEqualTo(ChainResult.TOO_LONG);
    }

    @Test
    void anIndirectTableIsReadFrontToBackWhateverItsOtherFlags() {
        descriptor(0, TABLE, 48, 6, INDIRECT);
        indirect(0, BUFFERS, 10, 0);
        indirect(1, BUFFERS + 50, 5, NEXT | USED); // DPDK leaves such flags there
        indirect(2, BUFFERS + 90, 1, NEXT | AVAIL);
        assertThat(read()).isEqualTo(ChainResult.OK);
        assertThat(chain.bytes()).isEqualTo(16);
        assertThat(chain.head(0)).isEqualTo(6);
    }

    @DisplayName("S19: packed, an indirect table that breaks a rule")
    @ParameterizedTest(name = "{0} bytes, first entry flags {1}")
    @CsvSource({
        "0, 0", // empty
        "15, 0", // not whole entries
        "24, 0", "16, 4", // nested
        "32, 2", // writable where the device reads
    })
    void anIndirectTableThatBreaksARuleIsABadChain(long bytes, int entryFlags) {
        descriptor(0, TABLE, bytes, 0, INDIRECT);
        indirect(0, BUFFERS, 10, entryFlags);
        indirect(1, BUFFERS, 10, entryFlags);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @DisplayName("S19: packed, an indirect table outside memory")
    @ParameterizedTest(name = "table at {0}, {1} bytes")
    @CsvSource({"1081344, 16", "1081328, 32", "1081336, 16", "-16, 16", "-16, 32", "-8, 16", "0, 4294967280"})
    void anIndirectTableOutsideMemoryIsABadChain(long table, long bytes) {
        descriptor(0, table, bytes, 0, INDIRECT);
        // The only entry of these that is in memory.
        high.memory().set(PackedRingDescriptor.U64, 4 * PAGE - 16, BUFFERS);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @Test
    void anIndirectTableMayCrossIntoTheNextRegion() {
        descriptor(0, HIGH - 16, 32, 0, INDIRECT);
        put(memory.asSlice(4 * PAGE - 16, 16), 0, BUFFERS, 10, 0, 0);
        put(high.memory(), 0, BUFFERS, 20, 0, 0);
        assertThat(read()).isEqualTo(ChainResult.OK);
        assertThat(chain.bytes()).isEqualTo(30);
    }

    @Test
    void anIndirectTableThatIsLongerThanAnyFrameEndsAsTooLong() {
        int n = Chain.MAX_SEGMENTS + 1;
        descriptor(0, HIGH - PAGE, 16L * n, 0, INDIRECT);
        for (int i = 0; i < n; i++) {
            boolean inLow = i < PAGE / 16;
            put(inLow ? memory : high.memory(), inLow ? 3 * PAGE / 16 + i : i - PAGE / 16, BUFFERS, 0, 0, 0);
        }
        assertThat(read()).isEqualTo(ChainResult.TOO_LONG);
    }

    @ParameterizedTest(name = "the table is descriptor {0} of the chain")
    @ValueSource(ints = {0, 1})
    void anIndirectTableInAChainIsABadChainAndTheNextIsFoundBehindIt(int at) {
        descriptor(0, at == 0 ? TABLE : BUFFERS, 16, 1, NEXT | (at == 0 ? INDIRECT : 0));
        descriptor(1, at == 1 ? TABLE : BUFFERS, 16, 2, at == 1 ? INDIRECT : 0);
        descriptor(2, 3, 0);
        indirect(0, BUFFERS, 10, 0);
        assertThat(ring.available(2)).isEqualTo(2);
        assertThat(read()).isEqualTo(ChainResult.BAD);
        use(chain.head(0), 0);
        assertThat(read()).isEqualTo(ChainResult.OK);
        use(chain.head(0), 0);
        ring.publish();
        assertThat(id(0)).isEqualTo(2);
        assertThat(flags(2)).isEqualTo(AVAIL | USED);
    }

    @Test
    void anIndirectTableIsRefusedIfItWasNotNegotiated() throws Exception {
        ring = ringAt(PackedRingDescriptor.FRESH, new RingFeatures(true, false, false));
        descriptor(0, TABLE, 16, 0, INDIRECT);
        indirect(0, BUFFERS, 10, 0);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @ParameterizedTest(name = "{0} + {1}, id {2}, flags {3}: {4}")
    @CsvSource({
        "1056768, 10, 3, 0, true",
        "1056768, 0, 0, 0, true",
        "1056768, 10, 8, 0, false", // an id outside the ring
        "1056768, 10, 3, 1, false", // a chain
        "1056768, 10, 3, 2, false", // writable
        "1056768, 10, 3, 4, false", // a table
        "1064950, 30, 3, 0, false", // over the end of its region
        "0, 1, 3, 0, false", // outside memory
        "-1, 10, 3, 0, false",
        "1056768, 4294967295, 3, 0, false",
    })
    void onlyAChainOfOneGoodBufferIsReadInASweep(long address, long length, int id, int flags, boolean simple) {
        descriptor(0, BUFFERS, 1, 0, 0);
        descriptor(1, address, length, id, flags);
        descriptor(2, BUFFERS, 1, 2, 0);
        ring.available(3);
        ChainBatch batch = new ChainBatch();
        ring.readBatch(2, false, batch);
        assertThat(batch.isSimple(0)).isTrue();
        assertThat(batch.isSimple(1)).isEqualTo(simple);
        if (simple) {
            assertThat(batch.head(1)).isEqualTo(id);
            assertThat(batch.length(1)).isEqualTo((int) length);
            assertThat(batch.offset(1)).isEqualTo(2 * PAGE);
        }
    }

    @Test
    void usedDescriptorsAreWrittenTogetherWhenTheyAreShown() {
        for (int slot = 0; slot < 3; slot++) {
            descriptor(slot, 5 - slot, 0);
        }
        ring.available(3);
        ring.consume(3);
        ring.use(5, 0);
        ring.use(4, 77);
        ring.use(3, 0x4000_0000);
        assertThat(List.of(flags(0), flags(1), flags(2))).containsOnly(AVAIL);
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
        "00000000, 8000, 0",
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

    @ParameterizedTest
    @CsvSource({"0, false", "1, true", "2, true", "3, true", "255, true", "32768, true", "32769, false", "-2, false"})
    void aSizeIsAnyNumberUpTo32768(long size, boolean valid) {
        assertThat(PackedRingDescriptor.isValidSize(size)).isEqualTo(valid);
    }
}
