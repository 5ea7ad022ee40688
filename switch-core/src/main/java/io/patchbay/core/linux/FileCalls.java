package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.util.Objects;

/** Calls on open files of any kind. Ordinary files are java.nio's business. */
public final class FileCalls {

    public static final int O_RDWR = 2;
    public static final int O_NONBLOCK = 0x800;
    public static final int O_CLOEXEC = 0x80000;

    private static final int F_GETFL = 3;
    private static final int F_SETFL = 4;
    private static final int F_ADD_SEALS = 1033;
    private static final int F_GET_SEALS = 1034;
    public static final int F_SEAL_SHRINK = 2;

    private static final int SEEK_END = 2;

    private static final MethodHandle OPEN = Libc.bindVariadic("open", Libc.intOf(ADDRESS, JAVA_INT), 2);
    private static final MethodHandle FCNTL = Libc.bindVariadic("fcntl", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT), 2);
    private static final MethodHandle LSEEK = Libc.bind("lseek", Libc.longOf(JAVA_INT, JAVA_LONG, JAVA_INT));
    private static final MethodHandle FTRUNCATE = Libc.bind("ftruncate", Libc.intOf(JAVA_INT, JAVA_LONG));
    private static final MethodHandle READ = Libc.bind("read", Libc.longOf(JAVA_INT, JAVA_LONG, JAVA_LONG));
    private static final MethodHandle WRITEV = Libc.bind("writev", Libc.longOf(JAVA_INT, JAVA_LONG, JAVA_INT));

    private FileCalls() {}

    /** Opens an existing file; close-on-exec is added to the flags. */
    public static Fd open(String path, int flags) {
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            int fd = (int) OPEN.invokeExact(state, arena.allocateFrom(path), flags | O_CLOEXEC);
            return Fd.adopt(Libc.check(fd, state, "open", path));
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Bytes in the file behind a descriptor. The position, which shared memory does not use, moves. */
    public static long size(Fd fd) {
        MemorySegment state = Libc.state();
        try {
            return Libc.check(
                    (long) LSEEK.invokeExact(state, fd.number(), 0L, SEEK_END), state, "lseek", fd.toString());
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Sets a file's size. */
    public static void truncate(Fd fd, long size) {
        MemorySegment state = Libc.state();
        try {
            Libc.check((int) FTRUNCATE.invokeExact(state, fd.number(), size), state, "ftruncate", fd.toString());
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Makes reads and writes return instead of wait. */
    public static void setNonBlocking(Fd fd) {
        int flags = fcntl(fd, F_GETFL, 0, "fcntl(F_GETFL)");
        fcntl(fd, F_SETFL, flags | O_NONBLOCK, "fcntl(F_SETFL)");
    }

    /** Forbids what the seals say, for good. */
    public static void addSeals(Fd fd, int seals) {
        fcntl(fd, F_ADD_SEALS, seals, "fcntl(F_ADD_SEALS)");
    }

    /**
     * Whether the file's pages are memory and nothing else: a memfd, or on tmpfs or hugetlbfs. The kernel knows by itself, so the file system,
     * which may be a program that takes its time, is not asked.
     */
    public static boolean isMemory(Fd fd) {
        MemorySegment state = Libc.state();
        try {
            // Such files have seals, if only the one that there shall be no more; for others the call fails.
            return (int) FCNTL.invokeExact(state, fd.number(), F_GET_SEALS, 0) >= 0;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Whether the file can never get shorter. False also for files that cannot be sealed. */
    public static boolean isSealedAgainstShrinking(Fd fd) {
        MemorySegment state = Libc.state();
        try {
            int seals = (int) FCNTL.invokeExact(state, fd.number(), F_GET_SEALS, 0);
            return seals >= 0 && (seals & F_SEAL_SHRINK) != 0;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** When a file was last changed by anything but writing through a mapping: in milliseconds since 1970. */
    public static long changedMillis(Fd fd) {
        Path path = Path.of("/proc/self/fd/" + fd.number());
        try {
            return ((FileTime) Files.getAttribute(path, "unix:ctime")).toMillis();
        } catch (IOException e) {
            throw new LinuxException("stat", path + " (" + e.getMessage() + ")", Errno.EIO);
        }
    }

    /** What the kernel calls the file behind a descriptor: a path, or something like {@code anon_inode:[eventfd]}. */
    public static String describe(Fd fd) {
        try {
            return Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd.number()))
                    .toString();
        } catch (IOException e) {
            throw new LinuxException(
                    "readlink", "/proc/self/fd/" + fd.number() + " (" + e.getMessage() + ")", Errno.EIO);
        }
    }

    /** Whether two descriptors are of one file: the same device and inode number. */
    public static boolean isSameFile(Fd one, Fd other) {
        return identity(one).equals(identity(other));
    }

    private static Object identity(Fd fd) {
        Path link = Path.of("/proc/self/fd/" + fd.number());
        try {
            // Followed, the link leads to the open file itself, also where that has no name any more.
            Object key = Files.readAttributes(link, BasicFileAttributes.class).fileKey();
            return Objects.requireNonNull(key, "a file without an inode number");
        } catch (IOException e) {
            throw new LinuxException("stat", link + " (" + e.getMessage() + ")", Errno.EIO);
        }
    }

    private static int fcntl(Fd fd, int command, int argument, String call) {
        MemorySegment state = Libc.state();
        try {
            return Libc.check(
                    (int) FCNTL.invokeExact(state, fd.number(), command, argument), state, call, fd.toString());
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /**
     * Reads to an address with room for so many bytes. For frames: allocates nothing.
     *
     * @param state the caller's room for an error number
     * @return bytes read, or {@code -errno}
     */
    static int read(int fd, MemorySegment state, long address, int bytes) {
        try {
            long n = (long) READ.invokeExact(state, fd, address, (long) bytes);
            return n < 0 ? -Libc.errno(state) : (int) n;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /**
     * Writes from {@code count} entries of a vector. For frames: allocates nothing. The entries may point into memory that has
     * gone; the kernel then answers EFAULT.
     *
     * @param first the first of them
     * @return bytes written, or {@code -errno}
     */
    public static long writev(int fd, IoVector vector, int first, int count) {
        try {
            long n = (long) WRITEV.invokeExact(vector.state(), fd, vector.addressOf(first), count);
            return n < 0 ? -Libc.errno(vector.state()) : n;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /**
     * Writes frames of a batch, one by each call, in order, until one is not taken whole. For frames: allocates nothing.
     *
     * @param from the first of them
     * @param to behind the last
     * @return how many were taken, at least 1; or, of the first, {@code -errno} or {@link FrameBatch#SHORT_WRITE}
     */
    public static int writeEach(int fd, FrameBatch batch, int from, int to) {
        for (int i = from; i < to; i++) {
            int n = (int) writev(fd, batch.pieces(), batch.first(i), batch.count(i));
            if (n != batch.length(i)) {
                return i > from ? i - from : n < 0 ? n : FrameBatch.SHORT_WRITE;
            }
        }
        return to - from;
    }
}
