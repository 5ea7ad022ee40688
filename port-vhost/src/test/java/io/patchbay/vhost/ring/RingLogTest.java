package io.patchbay.vhost.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.memory.DirtyLog;
import io.patchbay.vhost.memory.DirtyPages;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.wire.LogDescription;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Which pages of a ring of {@value #SIZE} entries are logged, if what a device writes in one step lies in several. */
class RingLogTest {

    private static final int SIZE = 1024;
    private static final int LAST = SIZE - 1;
    private static final int PAGE = 4096;
    private static final int LOG_BYTES = 8;

    /** Index and flags of a used ring are in page 4, and its entries begin with page 5; the last entry is in page 6, what is behind it in page 7. */
    private static final long USED_RING = 5 * PAGE - 4;

    private static final long PACKED_RING = 8 * PAGE;
    private static final long EVENT = 20 * PAGE;

    private final Arena arena = Arena.ofShared();
    private MemorySegment bits;
    private DirtyLog dirty;

    @BeforeEach
    void mapLog() throws Exception {
        Fd file = SharedMemory.createMemfd("log", LOG_BYTES);
        bits = SharedMemory.map(file, 0, LOG_BYTES, arena);
        dirty = DirtyLog.map(new LogDescription(LOG_BYTES, 0), file);
    }

    @AfterEach
    void unmap() {
        dirty.close();
        arena.close();
    }

    private RingLog log(long ring) {
        return RingLog.into(new DirtyPages(dirty, Optional.empty()), ring, EVENT);
    }

    /** The pages that were logged since this was asked last. */
    private BitSet logged() {
        BitSet pages = BitSet.valueOf(bits.toArray(ValueLayout.JAVA_LONG));
        bits.fill((byte) 0);
        return pages;
    }

    private static BitSet pages(int... numbers) {
        BitSet pages = new BitSet();
        for (int page : numbers) {
            pages.set(page);
        }
        return pages;
    }

    private SplitRing split(boolean eventIdx) {
        RingPlaces places = new RingPlaces(
                arena.allocate(SplitRingDescriptor.descriptorsBytes(SIZE), PAGE),
                arena.allocate(SplitRingDescriptor.availableBytes(SIZE), PAGE),
                arena.allocate(SplitRingDescriptor.usedBytes(SIZE), PAGE));
        SplitRing ring = new SplitRing(SIZE, places, new RingFeatures(eventIdx, false, false), LAST, GuestMemory.EMPTY);
        ring.logTo(log(USED_RING));
        return ring;
    }

    @Test
    void usedEntriesThatGoRoundTheEndOfTheRingAreLoggedOnBothSidesOfIt() {
        SplitRing ring = split(false);
        ring.use(0, 1);
        ring.use(1, 1);
        ring.publish();
        assertThat(logged()).isEqualTo(pages(4, 5, 6));
    }

    @ParameterizedTest(name = "EVENT_IDX {0}: page {1}")
    @CsvSource({"false, 4", "true, 7"})
    void whatIsSaidOfKicksIsLoggedWhereItStands(boolean eventIdx, int page) {
        SplitRing ring = split(eventIdx);
        ring.enableKicks();
        assertThat(logged()).isEqualTo(pages(page));
    }

    @Test
    void thatKicksAreNotNeededIsLogged() {
        split(false).disableKicks();
        assertThat(logged()).isEqualTo(pages(4));
    }

    private RingPlaces packedPlaces() {
        return new RingPlaces(
                arena.allocate(PackedRingDescriptor.descriptorsBytes(SIZE), PAGE),
                arena.allocate(PackedRingDescriptor.EVENT_BYTES, PAGE),
                arena.allocate(PackedRingDescriptor.EVENT_BYTES, PAGE));
    }

    private static void descriptor(RingPlaces places, int slot, int id, int flags) {
        PackedRingFixture.put(places.descriptors(), slot, 0, 0, id, flags);
    }

    @ParameterizedTest(name = "from descriptor {0}")
    @ValueSource(ints = {LAST, 255})
    void usedDescriptorsAreLoggedInEveryPageTheyAreIn(int first) {
        RingPlaces places = packedPlaces();
        descriptor(places, first, 0, PackedRingDescriptor.FLAG_AVAIL);
        boolean round = first == LAST;
        descriptor(
                places,
                round ? 0 : first + 1,
                1,
                round ? PackedRingDescriptor.FLAG_USED : PackedRingDescriptor.FLAG_AVAIL);
        PackedRing ring = new PackedRing(
                SIZE,
                places,
                new RingFeatures(false, false, false),
                PackedRingDescriptor.position(first, true),
                GuestMemory.EMPTY);
        ring.logTo(log(PACKED_RING));
        assertThat(ring.available(2)).isEqualTo(2);
        ring.consume(2);
        ring.use(0, 1);
        ring.use(1, 1);
        ring.publish();
        assertThat(logged()).isEqualTo(round ? pages(8, 11, 20) : pages(8, 9, 20));
    }

    @Test
    void allDescriptorsAreLoggedWhenABatchThatWasBegunIsShownEmpty() {
        RingPlaces places = packedPlaces();
        places.used().set(PackedRingDescriptor.U32, 0, PackedRingDescriptor.FRESH | 1 << 16);
        descriptor(places, 0, 0, PackedRingDescriptor.FLAG_AVAIL);
        descriptor(places, 1, 1, PackedRingDescriptor.FLAG_AVAIL | PackedRingDescriptor.FLAG_USED);
        int position = PackedResume.position(
                PackedRingDescriptor.FRESH, SIZE, places, new RingFeatures(false, false, false), log(PACKED_RING));
        assertThat(PackedRingDescriptor.index(position)).isEqualTo(2);
        assertThat(logged()).isEqualTo(pages(8, 9, 10, 11));
    }
}
