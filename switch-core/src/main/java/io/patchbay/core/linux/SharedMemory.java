package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** Memory that other processes see too. */
public final class SharedMemory {

    private static final int PROT_READ_WRITE = 3;
    private static final int MAP_SHARED = 1;
    private static final int MADV_DONTDUMP = 16;
    private static final int MFD_CLOEXEC = 1;
    private static final int MFD_ALLOW_SEALING = 2;
    private static final long MAP_FAILED = -1;
    /** Of ordinary files and of hugetlb mounts; unmapping must name whole pages. */
    private static final long[] PAGE_SIZES = {4096, 2L << 20, 1L << 30};

    private static final MethodHandle MMAP =
            Libc.bind("mmap", Libc.longOf(ADDRESS, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG));
    private static final MethodHandle MUNMAP = Libc.bind("munmap", Libc.intOf(JAVA_LONG, JAVA_LONG));
    private static final MethodHandle MADVISE = Libc.bind("madvise", Libc.intOf(JAVA_LONG, JAVA_LONG, JAVA_INT));
    private static final MethodHandle MEMFD_CREATE = Libc.bind("memfd_create", Libc.intOf(ADDRESS, JAVA_INT));

    private SharedMemory() {}

    /** An anonymous file of a given size, which may be sealed. */
    public static Fd createMemfd(String name, long size) {
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            int number =
                    (int) MEMFD_CREATE.invokeExact(state, arena.allocateFrom(name), MFD_CLOEXEC | MFD_ALLOW_SEALING);
            Fd fd = Fd.adopt(Libc.check(number, state, "memfd_create", name));
            FileCalls.truncate(fd, size);
            return fd;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /**
     * Maps a part of a file, readable, writable and shared, and left out of core dumps.
     *
     * @param offset a multiple of the file's page size
     * @param length above 0, within the file
     * @param arena unmaps when it is closed
     * @return exactly {@code length} bytes
     */
    public static MemorySegment map(Fd fd, long offset, long length, Arena arena) {
        MemorySegment state = Libc.state();
        try {
            long address = (long) MMAP.invokeExact(
                    state, MemorySegment.NULL, length, PROT_READ_WRITE, MAP_SHARED, fd.number(), offset);
            if (address == MAP_FAILED) {
                throw new LinuxException("mmap", length + " bytes of " + fd, Libc.errno(state));
            }
            // Fails for huge pages if the length is not a multiple of theirs: core dumps are then larger, and nothing
            // else.
            int _ = (int) MADVISE.invokeExact(state, address, length, MADV_DONTDUMP);
            return MemorySegment.ofAddress(address).reinterpret(length, arena, whole -> unmap(whole.address(), length));
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private static void unmap(long address, long length) {
        MemorySegment state = Libc.state();
        try {
            // A file on huge pages refuses a length that is not a multiple of its page, which nothing told us: try the
            // sizes in turn.
            for (long page : PAGE_SIZES) {
                long rounded = (length + page - 1) / page * page;
                if (address % page == 0 && (int) MUNMAP.invokeExact(state, address, rounded) == 0) {
                    return;
                }
            }
            throw new LinuxException("munmap", length + " bytes", Libc.errno(state));
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }
}
