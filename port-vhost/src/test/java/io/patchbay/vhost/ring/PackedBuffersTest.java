package io.patchbay.vhost.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.memory.GuestMemory;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The buffers of a packed ring's chains: where they may lie, and the tables they may be named by. */
class PackedBuffersTest extends PackedRingFixture {

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
}
