package io.patchbay.vhost.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.GuestRegion;
import io.patchbay.vhost.wire.RegionDescription;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The ring as a hostile driver fills it. */
class SplitRingTest extends TwoRegions {

    private static final int SIZE = 8;
    private static final long HOLE = HIGH + 4 * PAGE;
    private static final int NEXT = SplitRingDescriptor.FLAG_NEXT;
    private static final int WRITE = SplitRingDescriptor.FLAG_WRITE;
    private static final int INDIRECT = SplitRingDescriptor.FLAG_INDIRECT;

    private RingPlaces places;
    private SplitRing ring;
    private final Chain chain = new Chain();

    @BeforeEach
    void freshRing() throws Exception {
        places = new RingPlaces(
                memory.asSlice(0, SplitRingDescriptor.descriptorsBytes(SIZE)),
                memory.asSlice(1024, SplitRingDescriptor.availableBytes(SIZE)),
                memory.asSlice(2048, SplitRingDescriptor.usedBytes(SIZE)));
        ring = new SplitRing(SIZE, places, new RingFeatures(true, true, false), 0, GuestMemory.of(List.of(low, high)));
    }

    private void descriptor(int index, long address, long length, int flags, int next) {
        put(places.descriptors(), index, address, length, flags, next);
    }

    private void indirect(int index, long address, long length, int flags, int next) {
        put(memory.asSlice(PAGE, PAGE), index, address, length, flags, next);
    }

    private static void put(MemorySegment table, int index, long address, long length, int flags, int next) {
        table.set(SplitRingDescriptor.U64, 16L * index, address);
        table.set(SplitRingDescriptor.U64, 16L * index + 8, length | (long) flags << 32 | (long) next << 48);
    }

    private void offer(int... heads) {
        for (int i = 0; i < heads.length; i++) {
            places.available().set(SplitRingDescriptor.U16, SplitRingDescriptor.availableEntry(i), (short) heads[i]);
        }
        places.available().set(SplitRingDescriptor.U16, SplitRingDescriptor.AVAILABLE_INDEX, (short) heads.length);
    }

    private ChainResult read() {
        chain.clear();
        assertThat(ring.available(1)).isEqualTo(1);
        return ring.read(0, false, chain);
    }

    @Test
    void aChainOfDescriptorsBecomesItsBuffers() {
        descriptor(3, BUFFERS, 10, NEXT, 5);
        descriptor(5, BUFFERS + 100, 20, 0, 0);
        offer(3);
        assertThat(read()).isEqualTo(ChainResult.OK);
        assertThat(chain.segments()).isEqualTo(2);
        assertThat(chain.bytes()).isEqualTo(30);
        assertThat(chain.head(0)).isEqualTo(3);
    }

    @Test
    void aSweepFindsTheBuffersOfChainsOfOne() {
        descriptor(3, BUFFERS, 10, 0, 0);
        descriptor(5, BUFFERS + 100, 20, 0, 0);
        offer(3, 5);
        ChainBatch batch = sweep(2, false);
        assertThat(batch.head(0)).isEqualTo(3);
        assertThat(batch.head(1)).isEqualTo(5);
        assertThat(batch.length(0)).isEqualTo(10);
        assertThat(batch.length(1)).isEqualTo(20);
        assertThat(batch.base(1)).isEqualTo(low.memory());
        assertThat(batch.offset(1)).isEqualTo(BUFFERS + 100 - LOW);
    }

    @Test
    void aSweepEndsABufferNoFurtherThanItsRegion() {
        descriptor(0, HOLE - 16, 16, 0, 0);
        offer(0);
        assertThat(sweep(1, false).length(0)).isEqualTo(16);
    }

    @ParameterizedTest(name = "address {0}, length {1}, flags {2}, device-writable {3}")
    @CsvSource({
        "0x102000, 10, 1, false", // NEXT
        "0x102000, 10, 2, false", // WRITE where the device reads
        "0x102000, 10, 0, true", // no WRITE where the device writes
        "0x102000, 16, 4, false", // INDIRECT
        "0x0ffff0, 10, 0, false", // before the first region
        "0x107ff8, 16, 0, false", // past the last region
        "0x103ff8, 16, 0, false", // across two regions
        "0x102000, 0xffffffff, 0, false",
        "0xffffffffffffffff, 1, 0, false",
    })
    void aSweepLeavesEverythingElseToBeReadByItself(String address, String length, int flags, boolean writable) {
        descriptor(0, Long.parseUnsignedLong(address.substring(2), 16), Long.decode(length), flags, 1);
        offer(0);
        assertThat(sweep(1, writable).isSimple(0)).isFalse();
    }

    @Test
    void aSweepLeavesAHeadOutsideTheTableToBeReadByItself() {
        descriptor(0, BUFFERS, 10, 0, 0);
        offer(SIZE);
        assertThat(sweep(1, false).isSimple(0)).isFalse();
    }

    private ChainBatch sweep(int chains, boolean writable) {
        ChainBatch batch = new ChainBatch();
        assertThat(ring.available(chains)).isEqualTo(chains);
        ring.readBatch(chains, writable, batch);
        return batch;
    }

    @Test
    void aLoopOfDescriptorsEndsAsABadChain() {
        descriptor(0, BUFFERS, 10, NEXT, 1);
        descriptor(1, BUFFERS, 10, NEXT, 0);
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @Test
    void aNextOutsideTheTableIsABadChain() {
        descriptor(0, BUFFERS, 10, NEXT, SIZE);
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @Test
    void aHeadOutsideTheTableBreaksTheRing() {
        offer(SIZE);
        assertThat(read()).isEqualTo(ChainResult.BROKEN);
    }

    @ParameterizedTest
    @ValueSource(ints = {SIZE + 1, 0x7fff, 0x8000, 0xffff})
    void anAvailableIndexThatJumpsFurtherThanTheRingBreaksIt(int index) {
        places.available().set(SplitRingDescriptor.U16, SplitRingDescriptor.AVAILABLE_INDEX, (short) index);
        assertThat(ring.available(1)).isEqualTo(DeviceRing.BROKEN);
    }

    @ParameterizedTest(name = "{0} + {1}")
    @CsvSource({
        "0, 1", // below all
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
        descriptor(0, address, length, 0, 0);
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @Test
    void aBufferOnTheLastByteOfARegionIsGood() {
        descriptor(0, HIGH - 1, 1, 0, 0);
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.OK);
    }

    @Test
    void aBufferThatCrossesIntoTheNextRegionBecomesTwoPieces() {
        descriptor(0, HIGH - 10, 30, 0, 0);
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.OK);
        assertThat(chain.segments()).isEqualTo(2);
        assertThat(chain.length(0)).isEqualTo(10);
        assertThat(chain.length(1)).isEqualTo(20);
    }

    @Test
    void aWritableBufferWhereTheDeviceReadsIsABadChain() {
        descriptor(0, BUFFERS, 10, WRITE, 0);
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @Test
    void aReadableBufferWhereTheDeviceWritesIsABadChain() {
        descriptor(0, BUFFERS, 10, 0, 0);
        offer(0);
        assertThat(ring.available(1)).isEqualTo(1);
        assertThat(ring.read(0, true, chain)).isEqualTo(ChainResult.BAD);
    }

    @Test
    void anIndirectTableBecomesItsBuffers() {
        descriptor(0, TABLE, 32, INDIRECT, 0);
        indirect(0, BUFFERS, 10, NEXT, 1);
        indirect(1, BUFFERS + 50, 5, 0, 0);
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.OK);
        assertThat(chain.bytes()).isEqualTo(15);
    }

    @ParameterizedTest(name = "{0} bytes, flags {1}, first entry flags {2} next {3}")
    @CsvSource({
        "0, 4, 0, 0", // empty
        "15, 4, 0, 0", // not whole entries
        "24, 4, 0, 0",
        "16, 5, 0, 0", // with NEXT
        "16, 4, 4, 0", // nested
        "32, 4, 1, 2", // next outside the table
        "32, 4, 1, 0", // a loop
    })
    void anIndirectTableThatBreaksARuleIsABadChain(long bytes, int flags, int entryFlags, int next) {
        descriptor(0, TABLE, bytes, flags, 0);
        indirect(0, BUFFERS, 10, entryFlags, next);
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 8, 15})
    void anEntryOfATableThatPassesTheEndOfItsRegionIsABadChain(long room) {
        descriptor(0, HIGH + 4 * PAGE - room, 16, INDIRECT, 0);
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @Test
    void aBufferLongerThanAnIntCanSayIsTakenInPiecesThatAreNot() throws Exception {
        long at = 1L << 40;
        long length = 3L << 30;
        try (GuestRegion large = GuestRegion.map(
                new RegionDescription(at, length, 0xa000_0000L, 0), SharedMemory.createMemfd("large", length))) {
            ring = new SplitRing(
                    SIZE, places, new RingFeatures(true, true, false), 0, GuestMemory.of(List.of(low, high, large)));
            descriptor(0, at, length, 0, 0);
            offer(0);
            assertThat(sweep(1, false).isSimple(0)).isFalse();
            assertThat(read()).isEqualTo(ChainResult.OK);
            assertThat(chain.bytes()).isEqualTo(length);
            assertThat(chain.segments()).isEqualTo(2);
        }
    }

    @Test
    void theNextEntryOfATableIsNotLookedForBehindTheTable() {
        descriptor(0, TABLE, 32, INDIRECT, 0);
        indirect(0, BUFFERS, 10, NEXT, 2);
        indirect(2, BUFFERS, 10, 0, 0); // a good one, but not the table's
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @Test
    void anIndirectTableOutsideMemoryIsABadChain() {
        descriptor(0, HOLE, 16, INDIRECT, 0);
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @Test
    void anIndirectTableIsRefusedIfItWasNotNegotiated() throws Exception {
        ring = new SplitRing(SIZE, places, new RingFeatures(true, false, false), 0, GuestMemory.of(List.of(low, high)));
        descriptor(0, TABLE, 16, INDIRECT, 0);
        indirect(0, BUFFERS, 10, 0, 0);
        offer(0);
        assertThat(read()).isEqualTo(ChainResult.BAD);
    }

    @Test
    void usedChainsAreSeenByTheDriverOnlyWhenPublished() {
        descriptor(2, BUFFERS, 10, 0, 0);
        offer(2);
        read();
        ring.consume(1);
        ring.use(2, 77);
        assertThat(SplitRing.usedIndex(places)).isZero();
        ring.publish();
        assertThat(SplitRing.usedIndex(places)).isEqualTo(1);
        assertThat(places.used().get(SplitRingDescriptor.U64_ANYWHERE, SplitRingDescriptor.usedEntry(0)))
                .isEqualTo(2 | 77L << 32);
    }

    @ParameterizedTest(name = "event {0}: {1}")
    @CsvSource({"0, true", "1, false", "65535, false"})
    void theDriverIsNotifiedIfItsEventIndexIsPassed(int event, boolean notified) {
        offer(0);
        places.available().set(SplitRingDescriptor.U16, SplitRingDescriptor.usedEvent(SIZE), (short) event);
        ring.consume(1);
        ring.use(0, 0);
        assertThat(ring.publish()).isEqualTo(notified);
    }

    @Test
    void aChainThatComesWhileKicksAreBeingEnabledIsNoticed() {
        assertThat(ring.enableKicks()).isFalse();
        offer(0);
        assertThat(ring.enableKicks()).isTrue();
    }

    @Test
    void theFlagThatForbidsKicksStaysClearWithAnEventIndex() {
        ring.disableKicks();
        assertThat(places.used().get(SplitRingDescriptor.U16, SplitRingDescriptor.USED_FLAGS))
                .isZero();
    }

    @ParameterizedTest
    @CsvSource({"0, false", "1, false", "2, true", "3, false", "256, true", "32768, true", "65536, false", "-2, false"})
    void aSizeIsAPowerOfTwoUpTo32768(long size, boolean valid) {
        assertThat(SplitRingDescriptor.isValidSize(size)).isEqualTo(valid);
    }

    @Test
    void aUsedEntryThatStandsThereAlreadyIsNotWrittenAgain() throws Exception {
        long at = SplitRingDescriptor.usedEntry(0);
        places.used().set(SplitRingDescriptor.U64_ANYWHERE, at, 3L | 60L << 32);
        SplitRing readOnly = new SplitRing(
                SIZE,
                new RingPlaces(
                        places.descriptors(), places.available(), places.used().asReadOnly()),
                new RingFeatures(true, true, false),
                0,
                GuestMemory.of(List.of(low, high)));

        assertThatCode(() -> readOnly.use(3, 60)).doesNotThrowAnyException();
        assertThatThrownBy(() -> readOnly.use(3, 60)).isInstanceOf(IllegalArgumentException.class);
    }
}
