package io.patchbay.vhost.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.wire.RegionDescription;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GuestMemoryTest {

    private static final long SIZE = 0x2000;

    private Fd file;
    private GuestMemory memory;

    /** Two regions with a gap between them, and one at the upper end of the address space. */
    @BeforeEach
    void map() throws Exception {
        file = SharedMemory.createMemfd("guest memory", SIZE);
        memory = GuestMemory.of(List.of(region(0x8000, 0x20_0000), region(0, 0x10_0000), region(-SIZE, 0x30_0000)));
    }

    private GuestRegion region(long guest, long user) throws Exception {
        return GuestRegion.map(
                new RegionDescription(guest, SIZE, user, 0),
                FileCalls.open("/proc/self/fd/" + file.number(), FileCalls.O_RDWR));
    }

    @AfterEach
    void unmap() {
        memory.regions().forEach(GuestRegion::close);
        file.close();
    }

    @ParameterizedTest
    @ValueSource(ints = {GuestMemory.OUTSIDE, Integer.MIN_VALUE, 0, 1, 2, 3, Integer.MAX_VALUE})
    void anAddressIsFoundWhateverWasFoundBefore(int hint) {
        assertThat(memory.find(0, hint)).isZero();
        assertThat(memory.find(0x1fff, hint)).isZero();
        assertThat(memory.find(0x8000, hint)).isOne();
        assertThat(memory.find(0x9fff, hint)).isOne();
        assertThat(memory.find(-SIZE, hint)).isEqualTo(2);
        assertThat(memory.find(-1, hint)).isEqualTo(2);
        for (long outside : new long[] {0x2000, 0x7fff, 0xa000, Long.MAX_VALUE, Long.MIN_VALUE, -SIZE - 1}) {
            assertThat(memory.find(outside, hint)).as("0x%x", outside).isEqualTo(GuestMemory.OUTSIDE);
        }
    }

    @ParameterizedTest(name = "0x{0}, {1} bytes")
    @CsvSource({"100000, 8192", "100001, 8191", "101fff, 1", "200000, 1"})
    void aRingWithinARegionIsFound(String address, long length) {
        assertThat(memory.byUserAddress(Long.parseLong(address, 16), length))
                .hasValueSatisfying(piece -> assertThat(piece.byteSize()).isEqualTo(length));
    }

    @ParameterizedTest(name = "0x{0}, {1} bytes")
    @CsvSource({"100000, 8193", "101fff, 2", "102000, 1", "fffff, 1", "fffff, 2", "0, 1"})
    void aRingThatIsNotWithinOneRegionIsNotFound(String address, long length) {
        assertThat(memory.byUserAddress(Long.parseLong(address, 16), length)).isEmpty();
    }

    @ParameterizedTest(name = "guest {0}, size {1}, user {2}, offset {3}")
    @CsvSource({
        "0, 0, 0, 4096, has a size that no region can have",
        "0, -4096, 0, 8192, has a size that no region can have",
        "-4096, 8192, 0, 0, passes the end of the address space",
        "0, 8192, -4096, 0, passes the end of the address space",
        "0, 8192, 0, -4096, lies past the end of any file",
        "0, 8192, 0, 9223372036854775807, lies past the end of any file",
        "0, 8192, 0, 1, ends at 8193 of a file of 8192 bytes",
    })
    void aRegionThatCannotBeIsRefusedAndItIsSaidWhy(long guest, long size, long user, long offset, String why) {
        Fd another = SharedMemory.createMemfd("guest memory", SIZE);
        assertThatThrownBy(() -> GuestRegion.map(new RegionDescription(guest, size, user, offset), another))
                .isInstanceOf(InvalidMemoryException.class)
                .hasMessageEndingWith(why);
        assertThat(another.isOpen()).as("its file is left open").isFalse();
    }

    @Test
    void aRegionIsSealedIfItsFileCannotShrink() {
        GuestRegion region = memory.regions().getFirst();
        assertThat(region.sealed()).isFalse();
        assertThat(region.changedMillis()).isPositive();

        FileCalls.addSeals(file, FileCalls.F_SEAL_SHRINK);

        assertThat(region.sealed()).isTrue();
        assertThat(region.changedMillis()).isEqualTo(Long.MIN_VALUE);
    }

    /** Operators ask at any time, also while the front end goes. */
    @Test
    void aRegionThatIsClosedIsNoRegionAnyMoreAndMayBeAskedAllTheSame() {
        GuestRegion region = memory.regions().getFirst();
        assertThat(region.isOf(region.description(), file)).isTrue();
        FileCalls.addSeals(file, FileCalls.F_SEAL_SHRINK);

        region.close();

        assertThat(region.isOf(region.description(), file)).isFalse();
        assertThat(region.intact()).isTrue();
        assertThat(region.sealed()).isFalse();
        assertThat(region.changedMillis()).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void whatWasGivenOutIsKnownByItsGuestAddress() {
        for (int region = 0; region < 3; region++) {
            long start = memory.regions().get(region).description().guestAddress();
            assertThat(memory.guestAddress(memory.memory(region), 0)).isEqualTo(start);
            assertThat(memory.guestAddress(memory.memory(region).asSlice(0x1000), 0xfff))
                    .isEqualTo(start + 0x1fff);
        }
    }
}
