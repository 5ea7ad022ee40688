package io.patchbay.testbed;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.Fd;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Which pages of a shared file this process has written to, as the kernel saw it: nothing of what the switch itself notes about its writes comes
 * into it, nor what other processes write.
 *
 * <p>The pages are write-protected by userfaultfd in its asynchronous form, in which the first write makes a page writable again and nothing
 * else; PAGEMAP_SCAN of Linux 6.7 tells which those are, and protects them anew. Where the kernel cannot do that every page counts as written.
 */
final class WrittenPages implements AutoCloseable {

    private static final Path DEVICE = Path.of("/dev/userfaultfd");
    private static final long USERFAULTFD_IOC_NEW = 0xaa00;
    private static final long UFFDIO_API = 0xc018aa3fL;
    private static final long UFFD_API = 0xaa;
    /** UFFD_FEATURE_WP_HUGETLBFS_SHMEM, WP_UNPOPULATED and WP_ASYNC. */
    private static final long FEATURES = 1 << 12 | 1 << 13 | 1 << 15;

    private static final long UFFDIO_REGISTER = 0xc020aa00L;
    private static final long UFFDIO_REGISTER_MODE_WP = 2;
    private static final long PAGEMAP_SCAN = 0xc0606610L;
    /** PM_SCAN_WP_MATCHING and PM_SCAN_CHECK_WPASYNC. */
    private static final long PROTECT_WHAT_IS_FOUND = 1 | 2;

    private static final long PAGE_IS_WRITTEN = 2;
    private static final int SCAN_WORDS = 12;
    private static final int REGION_WORDS = 3;

    private static final int PAGE = 4096;
    private static final int O_RDONLY = 0;
    private static final int O_CLOEXEC = 0x80000;

    private static final MethodHandle OPEN =
            bind("open", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT), Linker.Option.firstVariadicArg(2));
    private static final MethodHandle IOCTL = bind(
            "ioctl", FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS), Linker.Option.firstVariadicArg(2));

    private record Mapping(long start, long end, long fileOffset) {}

    private final List<Mapping> mappings;
    /** Empty if the kernel cannot tell. */
    private final Optional<Fd> protection;

    private final Fd pageMap;

    private WrittenPages(List<Mapping> mappings, Optional<Fd> protection) {
        this.mappings = mappings;
        this.protection = protection;
        this.pageMap = open(Path.of("/proc/self/pagemap"));
    }

    private static Optional<Fd> protection() {
        if (!Files.exists(DEVICE)) {
            return Optional.empty();
        }
        try (Fd device = open(DEVICE);
                Arena arena = Arena.ofConfined()) {
            Fd protection = Fd.adopt(succeeds(ioctl(device, USERFAULTFD_IOC_NEW, MemorySegment.ofAddress(O_CLOEXEC))));
            if (ioctl(protection, UFFDIO_API, longs(arena, UFFD_API, FEATURES, 0)) == 0) {
                return Optional.of(protection);
            }
            protection.close();
            return Optional.empty();
        }
    }

    /**
     * Begins to watch all that is mapped of a file now.
     *
     * @param name the end of the file's name, as in {@code /proc/self/maps}
     */
    static WrittenPages of(String name) throws Exception {
        List<Mapping> mappings = new ArrayList<>();
        Pattern line = Pattern.compile("(\\w+)-(\\w+) \\S+ (\\w+) .*" + Pattern.quote(name) + "(?: \\(deleted\\))?");
        for (String mapping : Files.readAllLines(Path.of("/proc/self/maps"))) {
            Matcher matcher = line.matcher(mapping);
            if (matcher.matches()) {
                mappings.add(new Mapping(
                        Long.parseLong(matcher.group(1), 16),
                        Long.parseLong(matcher.group(2), 16),
                        Long.parseLong(matcher.group(3), 16)));
            }
        }
        assertThat(mappings).as("mappings of " + name).isNotEmpty();
        WrittenPages pages = new WrittenPages(mappings, protection());
        if (pages.protection.isPresent()) {
            pages.protect(pages.protection.get());
        }
        return pages;
    }

    private void protect(Fd with) {
        try (Arena arena = Arena.ofConfined()) {
            for (Mapping m : mappings) {
                MemorySegment range = longs(arena, m.start(), m.end() - m.start(), UFFDIO_REGISTER_MODE_WP, 0);
                succeeds(ioctl(with, UFFDIO_REGISTER, range));
            }
        }
        take(); // nothing is protected until it was looked at once
    }

    /** The pages that were written since this was asked last, by their place in the file. */
    BitSet take() {
        BitSet written = new BitSet();
        try (Arena arena = Arena.ofConfined()) {
            for (Mapping m : mappings) {
                int most = (int) ((m.end() - m.start()) / PAGE);
                if (protection.isEmpty()) {
                    int first = (int) (m.fileOffset() / PAGE);
                    written.set(first, first + most);
                    continue;
                }
                MemorySegment found = arena.allocate(JAVA_LONG, (long) most * REGION_WORDS);
                MemorySegment scan = longs(
                        arena,
                        (long) SCAN_WORDS * Long.BYTES,
                        PROTECT_WHAT_IS_FOUND,
                        m.start(),
                        m.end(),
                        0,
                        found.address(),
                        most,
                        0,
                        0,
                        PAGE_IS_WRITTEN,
                        0,
                        PAGE_IS_WRITTEN);
                int regions = succeeds(ioctl(pageMap, PAGEMAP_SCAN, scan));
                for (int r = 0; r < regions; r++) {
                    long from = found.getAtIndex(JAVA_LONG, (long) r * REGION_WORDS) - m.start() + m.fileOffset();
                    long to = found.getAtIndex(JAVA_LONG, (long) r * REGION_WORDS + 1) - m.start() + m.fileOffset();
                    written.set((int) (from / PAGE), (int) (to / PAGE));
                }
            }
        }
        return written;
    }

    @Override
    public void close() {
        protection.ifPresent(Fd::close);
        pageMap.close();
    }

    private static MemorySegment longs(Arena arena, long... values) {
        return arena.allocateFrom(JAVA_LONG, values);
    }

    private static int succeeds(int result) {
        assertThat(result).as("a system call").isNotNegative();
        return result;
    }

    private static Fd open(Path path) {
        try (Arena arena = Arena.ofConfined()) {
            return Fd.adopt((int) OPEN.invokeExact(arena.allocateFrom(path.toString()), O_RDONLY | O_CLOEXEC));
        } catch (RuntimeException e) {
            throw e;
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static int ioctl(Fd fd, long request, MemorySegment argument) {
        try {
            return (int) IOCTL.invokeExact(fd.number(), request, argument);
        } catch (Throwable e) {
            throw new IllegalStateException(e);
        }
    }

    private static MethodHandle bind(String name, FunctionDescriptor type, Linker.Option option) {
        Linker linker = Linker.nativeLinker();
        return linker.downcallHandle(linker.defaultLookup().findOrThrow(name), type, option);
    }
}
