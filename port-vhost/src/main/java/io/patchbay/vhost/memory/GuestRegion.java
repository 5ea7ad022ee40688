package io.patchbay.vhost.memory;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.wire.RegionDescription;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * One mapped region of guest memory. Owns its file and its mapping.
 *
 * <p>{@link #memory()} may be used by any thread until {@link #close}; closing while another thread is in the middle of an access makes
 * that access fail, so whoever closes waits for the workers first.
 */
public final class GuestRegion implements AutoCloseable {

    private final RegionDescription description;
    private final Fd file;
    private final Arena arena;
    private final MemorySegment memory;
    private boolean closed;

    private GuestRegion(RegionDescription description, Fd file, Arena arena, MemorySegment memory) {
        this.description = description;
        this.file = file;
        this.arena = arena;
        this.memory = memory;
    }

    /**
     * Maps a region, after checking that it can exist: a size above zero, no address or offset that wraps, a file that is long enough.
     *
     * @param file becomes the region's own, also when this fails
     * @throws InvalidMemoryException if a rule is broken or the file cannot be mapped
     */
    @SuppressWarnings("MustBeClosedChecker") // closed with the region
    public static GuestRegion map(RegionDescription description, Fd file) throws InvalidMemoryException {
        Arena arena = Arena.ofShared();
        try {
            check(description);
            long end = description.mmapOffset() + description.size();
            long fileSize = FileCalls.size(file);
            if (fileSize < end) {
                throw new InvalidMemoryException(
                        describe(description) + " ends at " + end + " of a file of " + fileSize + " bytes");
            }
            // From the start of the file, whose offset 0 is aligned for pages of any size.
            MemorySegment whole = SharedMemory.map(file, 0, end, arena);
            return new GuestRegion(
                    description, file, arena, whole.asSlice(description.mmapOffset(), description.size()));
        } catch (InvalidMemoryException e) {
            release(arena, file);
            throw e;
        } catch (LinuxException e) {
            release(arena, file);
            throw new InvalidMemoryException(describe(description) + " cannot be mapped: " + e.getMessage(), e);
        }
    }

    /** How many bytes {@link #map} maps for a region; 0 for one it refuses. */
    static long mappedBytes(RegionDescription d) {
        return d.size() <= 0 || d.mmapOffset() < 0 ? 0 : Math.max(0, d.mmapOffset() + d.size());
    }

    private static void check(RegionDescription d) throws InvalidMemoryException {
        if (d.size() <= 0) {
            throw new InvalidMemoryException(describe(d) + " has a size that no region can have");
        }
        if (wraps(d.guestAddress(), d.size()) || wraps(d.userAddress(), d.size())) {
            throw new InvalidMemoryException(describe(d) + " passes the end of the address space");
        }
        if (d.mmapOffset() < 0 || d.mmapOffset() + d.size() < 0) {
            throw new InvalidMemoryException(describe(d) + " lies past the end of any file");
        }
    }

    private static boolean wraps(long address, long size) {
        return Long.compareUnsigned(address + size - 1, address) < 0;
    }

    private static void release(Arena arena, Fd file) {
        arena.close();
        file.close();
    }

    public RegionDescription description() {
        return description;
    }

    /** The region's bytes: exactly as many as its size. */
    public MemorySegment memory() {
        return memory;
    }

    /** Whether this region is the one described, in the same file, so that mapping it again would change nothing. */
    public synchronized boolean isOf(RegionDescription other, Fd otherFile) {
        return !closed && description.equals(other) && FileCalls.isSameFile(file, otherFile);
    }

    /** Whether the file still covers the region: false after the front end has shrunk it. */
    public synchronized boolean intact() {
        return closed || FileCalls.size(file) >= description.mmapOffset() + description.size();
    }

    /** Whether the file can never be shrunk: nobody can take this memory away from us. */
    public synchronized boolean sealed() {
        return !closed && FileCalls.isSealedAgainstShrinking(file);
    }

    /**
     * When the file was last changed other than by writing to memory, in milliseconds since 1970; {@link Long#MIN_VALUE} if it can never be
     * shrunk.
     */
    public synchronized long changedMillis() {
        return closed || sealed() ? Long.MIN_VALUE : FileCalls.changedMillis(file);
    }

    /** Whether two regions share guest-physical or front-end addresses. */
    boolean overlaps(GuestRegion other) {
        RegionDescription a = description;
        RegionDescription b = other.description;
        return overlap(a.guestAddress(), a.size(), b.guestAddress(), b.size())
                || overlap(a.userAddress(), a.size(), b.userAddress(), b.size());
    }

    private static boolean overlap(long a, long aSize, long b, long bSize) {
        return Long.compareUnsigned(b - a, aSize) < 0 || Long.compareUnsigned(a - b, bSize) < 0;
    }

    @Override
    public String toString() {
        return describe(description);
    }

    private static String describe(RegionDescription d) {
        return String.format(
                "memory region at guest address 0x%x, user address 0x%x, size 0x%x, file offset 0x%x",
                d.guestAddress(), d.userAddress(), d.size(), d.mmapOffset());
    }

    /** Unmaps. Idempotent. */
    @Override
    public synchronized void close() {
        if (!closed) {
            closed = true;
            release(arena, file);
        }
    }
}
