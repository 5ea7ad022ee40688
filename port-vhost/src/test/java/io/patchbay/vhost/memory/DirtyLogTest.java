package io.patchbay.vhost.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.frontend.DirtyLogReader;
import io.patchbay.vhost.wire.LogDescription;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(60)
class DirtyLogTest {

    private static DirtyLog map(Fd file, long size, long offset) throws InvalidMemoryException {
        return DirtyLog.map(new LogDescription(size, offset), file);
    }

    @ParameterizedTest(name = "{1} bytes at 0x{0}")
    @CsvSource({
        "0, 1, 0, 1", // one byte
        "fff, 1, 0, 1", // the last byte of a page
        "fff, 2, 0, 3", // across a page
        "1000, 4096, 0, 2", // exactly a page
        "7000, 1, 0, 128", // the last page of a byte of the log
        "8000, 1, 1, 1", // and the first of the next
        "1f000, 8192, 3, 128", // across a word of the log, its one side
        "1f000, 8192, 4, 1", // and the other
        "fff000, 4096, 511, 128", // the last page of all
    })
    void thePagesOfAPieceOfMemoryAreSetWhereTheProtocolSays(String address, int length, int at, int bits)
            throws Exception {
        try (Arena arena = Arena.ofConfined();
                Fd file = SharedMemory.createMemfd("log", 8192)) {
            MemorySegment bytes = SharedMemory.map(file, 0, 8192, arena);
            try (DirtyLog log = map(file, 512, 4096)) {
                DirtyPages pages = new DirtyPages(log, Optional.empty());
                pages.add(Long.parseLong(address, 16), length);
                pages.flush();
                assertThat(bytes.get(ValueLayout.JAVA_BYTE, 4096 + at) & 0xff).isEqualTo(bits);
            }
        }
    }

    @DisplayName("S9 CVE-2020-10722, CVE-2026-86563: a log outside its file")
    @ParameterizedTest(name = "{0} bytes at {1}")
    @CsvSource({
        "0, 0",
        "-1, 0",
        "8193, 0", // longer than its file
        "1, 8192", // after it
        "8192, 8",
        "8, -8",
        "8, 4", // in the middle of what is changed at once
        "9223372036854775807, 8", // whose end wraps
        "8, 9223372036854775800",
        "-8, -8",
        "16, -8",
        "-8, 16", // whose end is within its file, before its beginning
    })
    void aLogThatCannotBeIsRefused(long size, long offset) {
        Fd file = SharedMemory.createMemfd("log", 8192);
        assertThatThrownBy(() -> map(file, size, offset))
                .isInstanceOf(InvalidMemoryException.class)
                .hasMessageContaining("dirty log");
    }

    @Test
    void aLogThatIsNoFileIsRefused() {
        Fd bell = EventFd.create().descriptor();
        assertThatThrownBy(() -> map(bell, 8, 0)).isInstanceOf(InvalidMemoryException.class);
    }

    @Test
    void theFileOfALogThatIsRefusedIsClosed() {
        Fd file = SharedMemory.createMemfd("log", 8192);
        assertThatThrownBy(() -> map(file, 8193, 0)).isInstanceOf(InvalidMemoryException.class);
        assertThat(file.isOpen()).isFalse();
    }

    @ParameterizedTest(name = "{0} bytes, 0x{1} and {2} more")
    @CsvSource({
        "1, 0, 8000, true",
        "1, 0, 8001, false",
        "1, 7fff, 1, true",
        "1, 8000, 1, false",
        "3, 17fff, 1, true",
        "3, 18000, 1, false",
        "4096, fffffffffffff000, 1000, false", // the last page of the address space
        "4096, fffffffffffff000, 2000, false", // around its end
        "4096, 0, ffffffffffffffff, false",
        "4096, 0, 0, false",
        "4096, 1000, 0, false",
        "4096, 1000, ffffffffffffffff, false",
    })
    void aLogCoversAsMuchMemoryAsItHasBits(long size, String address, String length, boolean covered) throws Exception {
        try (DirtyLog log = map(SharedMemory.createMemfd("log", size), size, 0)) {
            assertThat(log.covers(Long.parseUnsignedLong(address, 16), Long.parseUnsignedLong(length, 16)))
                    .isEqualTo(covered);
        }
    }

    @DisplayName("S9: writes past the end of the log")
    @ParameterizedTest
    @CsvSource({"1, 8", "1, 31", "3, 24", "3, 32", "4, 32", "5, 40", "8, 64", "8, 17592186044415"})
    void noBitIsEverSetPastTheEndOfTheLog(long size, long page) throws Exception {
        try (Arena arena = Arena.ofConfined();
                Fd file = SharedMemory.createMemfd("log", 4096)) {
            MemorySegment bytes = SharedMemory.map(file, 0, 4096, arena);
            try (DirtyLog log = map(file, size, 0)) {
                assertThatThrownBy(() -> log.mark(page / 32, 1 << (int) page))
                        .isInstanceOf(IndexOutOfBoundsException.class);
                long last = size * 8 - 1;
                assertThat(log.mark(last / 32, 1 << (int) last)).isTrue();
                assertThat(bytes.get(ValueLayout.JAVA_BYTE, size - 1)).isEqualTo((byte) 0x80);
                assertThat(bytes.asSlice(size).mismatch(MemorySegment.ofArray(new byte[(int) (4096 - size)])))
                        .isEqualTo(-1);
            }
        }
    }

    @DisplayName("S9: writes before the beginning of the log")
    @Test
    void noBitIsEverSetBeforeTheLog() throws Exception {
        try (Fd file = SharedMemory.createMemfd("log", 4096);
                DirtyLog log = map(file, 8, 8)) {
            assertThatThrownBy(() -> log.mark(-1, 1)).isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void bitsSetByManyAndClearedMeanwhileAreAllSeen() throws Exception {
        int pages = 1024;
        int rounds = 20_000;
        try (DirtyLogReader reader = DirtyLogReader.forMemoryUpTo(pages * 4096L);
                DirtyLog log = DirtyLog.map(reader.description(), duplicate(reader))) {
            int[] written = new int[pages];
            int[] copied = new int[pages];
            AtomicInteger running = new AtomicInteger(2);
            List<Thread> writers = new ArrayList<>();
            for (int w = 0; w < 2; w++) {
                // Neighbouring pages belong to different writers, so that all words are set by both.
                int mine = w;
                Random random = new Random(w);
                writers.add(Thread.ofPlatform().start(() -> {
                    DirtyPages dirty = new DirtyPages(log, Optional.empty());
                    for (int i = 1; i <= rounds; i++) {
                        int page = random.nextInt(pages / 2) * 2 + mine;
                        written[page] = i;
                        dirty.add(page * 4096L, 1);
                        dirty.flush();
                    }
                    running.decrementAndGet();
                }));
            }
            while (running.get() > 0) {
                reader.take(page -> copied[(int) page] = written[(int) page]);
            }
            for (Thread writer : writers) {
                writer.join();
            }
            reader.take(page -> copied[(int) page] = written[(int) page]);
            assertThat(copied).isEqualTo(written);
        }
    }

    /** A processor may read the bit before its write to the page has left it; the bit is then seen set, cleared, and the page copied too early. */
    @Test
    void aPageThatIsWrittenWhileItsBitIsBeingClearedIsNeverForgotten() throws Exception {
        int[] page = new int[1];
        AtomicInteger begun = new AtomicInteger();
        AtomicInteger written = new AtomicInteger();
        try (DirtyLogReader reader = DirtyLogReader.forMemoryUpTo(4096);
                DirtyLog log = DirtyLog.map(reader.description(), duplicate(reader))) {
            Thread writer = Thread.ofPlatform().start(() -> {
                DirtyPages dirty = new DirtyPages(log, Optional.empty());
                for (int i = 1; (i = awaitChange(begun, i)) > 0; i++) {
                    page[0] = i;
                    dirty.add(0, 1);
                    dirty.flush();
                    written.set(i);
                }
            });
            long end = System.nanoTime() + 1_000_000_000L;
            int[] copied = new int[1];
            int forgotten = 0;
            for (int i = 1; System.nanoTime() < end; i++) {
                log.mark(0, 1);
                begun.set(i);
                reader.take(p -> copied[0] = page[0]);
                awaitChange(written, i);
                reader.take(p -> copied[0] = page[0]);
                forgotten += copied[0] == i ? 0 : 1;
            }
            begun.set(-1);
            writer.join();
            assertThat(forgotten).isZero();
        }
    }

    /** Waits until a counter has reached {@code i}, or is negative; gives what it is then. */
    private static int awaitChange(AtomicInteger counter, int i) {
        int now = counter.get();
        for (int spins = 0; now >= 0 && now < i; spins++) {
            if (spins % 10_000 == 9_999) {
                Thread.yield();
            }
            now = counter.get();
        }
        return now;
    }

    @Test
    void pagesThatShareNoWordAreAllLoggedHoweverManyThereAre() throws Exception {
        Random random = new Random(3);
        long end = 1L << 32;
        BitSet expected = new BitSet();
        BitSet seen = new BitSet();
        try (DirtyLogReader reader = DirtyLogReader.forMemoryUpTo(end);
                DirtyLog log = DirtyLog.map(reader.description(), duplicate(reader))) {
            DirtyPages dirty = new DirtyPages(log, Optional.empty());
            for (int i = 0; i < 5000; i++) {
                long address = random.nextLong(end - 70_000);
                int length = random.nextInt(70_000);
                dirty.add(address, length);
                if (length > 0) {
                    expected.set((int) (address >>> 12), (int) ((address + length - 1) >>> 12) + 1);
                }
            }
            dirty.flush();
            reader.take(page -> seen.set((int) page));
        }
        assertThat(seen).isEqualTo(expected);
    }

    @Test
    void theSignalRingsOnlyIfSomethingWasLogged() throws Exception {
        try (EventFd bell = EventFd.create();
                DirtyLog log = map(SharedMemory.createMemfd("log", 8), 8, 0)) {
            DirtyPages dirty = new DirtyPages(log, Optional.of(bell));
            dirty.flush();
            assertThat(bell.drain()).isFalse();
            dirty.add(0, 1);
            dirty.flush();
            assertThat(bell.drain()).isTrue();
            dirty.add(0, 1);
            dirty.flush();
            assertThat(bell.drain()).as("the page is in the log already").isFalse();
        }
    }

    /** The keeper of guest memory asks at any time, also while the front end goes. */
    @Test
    void aLogThatIsClosedMayBeAskedAllTheSame() throws Exception {
        DirtyLog log = map(SharedMemory.createMemfd("log", 4096), 8, 0);
        log.close();
        assertThat(log.intact()).isTrue();
        assertThat(log.changedMillis()).isEqualTo(Long.MIN_VALUE);
    }

    @Test
    void aLogThatWasShrunkIsNotIntact() throws Exception {
        try (Fd file = SharedMemory.createMemfd("log", 8192);
                DirtyLog log = map(file, 8192, 0)) {
            assertThat(log.intact()).isTrue();
            FileCalls.truncate(file, 4096);
            assertThat(log.intact()).isFalse();
        }
    }

    private static Fd duplicate(DirtyLogReader reader) {
        return FileCalls.open("/proc/self/fd/" + reader.file().number(), FileCalls.O_RDWR);
    }
}
