package io.patchbay.vhost.memory;

import io.patchbay.core.linux.AtomicBits;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.wire.LogDescription;
import io.patchbay.vhost.wire.RegionDescription;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The bitmap in which a device notes the pages it has written, shared with a front end that looks for them to copy and clears what it has
 * seen. Owns its file and its mapping.
 *
 * <pre>
 *  guest-physical address = page · 4096 + ...           page p is bit p % 8 of byte p / 8
 *
 *   byte 0            byte 1             byte 2
 *  +-+-+-+-+-+-+-+-+ +-+-+-+-+-+-+-+--+ +- - -
 *  |7|6|5|4|3|2|1|0| | | | | | | |9| 8| |         words of 32 pages, little-endian, are what is changed atomically
 *  +-+-+-+-+-+-+-+-+ +-+-+-+-+-+-+-+--+ +- - -
 * </pre>
 *
 * <p>May be used by any number of threads until {@link #close}; whoever closes waits for the workers first.
 */
public final class DirtyLog implements AutoCloseable {

    public static final int PAGE_SHIFT = 12;

    static final int WORD_PAGES = Integer.SIZE;
    private static final int PAGES_PER_BYTE = 8;
    private static final int OFFSET_ALIGNMENT = 8;
    private static final ValueLayout.OfInt WORD = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final LogDescription description;
    private final Fd file;
    private final Arena arena;
    /** From the start of the file to the end of the word with the last page. */
    private final MemorySegment memory;

    private boolean closed;

    private DirtyLog(LogDescription description, Fd file, Arena arena, MemorySegment memory) {
        this.description = description;
        this.file = file;
        this.arena = arena;
        this.memory = memory;
    }

    /**
     * Maps a log, after checking that it can exist and that it can be written.
     *
     * @param file becomes the log's own, also when this fails
     * @throws InvalidMemoryException if a rule is broken, or the file cannot be mapped
     */
    @SuppressWarnings("MustBeClosedChecker") // closed with the log
    public static DirtyLog map(LogDescription description, Fd file) throws InvalidMemoryException {
        Arena arena = Arena.ofShared();
        try {
            long end = checkedEnd(description, FileCalls.size(file));
            // The last word may pass the log's end, but not the end of a page of the file, since words do not cross
            // pages; and what is past the end stays as it is.
            long words = (end + Integer.BYTES - 1) / Integer.BYTES * Integer.BYTES;
            DirtyLog log = new DirtyLog(description, file, arena, SharedMemory.map(file, 0, words, arena));
            // Whatever may forbid the system call, such as a sandbox, does so now.
            log.check(AtomicBits.setNone(log.memory, description.mmapOffset()));
            return log;
        } catch (InvalidMemoryException e) {
            release(arena, file);
            throw e;
        } catch (LinuxException | IllegalStateException e) {
            release(arena, file);
            throw new InvalidMemoryException(describe(description) + " cannot be used: " + e.getMessage(), e);
        }
    }

    private static long checkedEnd(LogDescription d, long fileSize) throws InvalidMemoryException {
        if (d.size() <= 0 || d.mmapOffset() < 0 || d.mmapOffset() % OFFSET_ALIGNMENT != 0) {
            throw new InvalidMemoryException(describe(d)
                    + " cannot be; allowed: a size above 0, an offset that is a multiple of " + OFFSET_ALIGNMENT);
        }
        // Compared by subtraction, which cannot wrap; what begins after the end has less than nothing left.
        if (d.size() > fileSize - d.mmapOffset()) {
            throw new InvalidMemoryException(describe(d) + " passes the end of its file of " + fileSize + " bytes");
        }
        return d.mmapOffset() + d.size();
    }

    private static void release(Arena arena, Fd file) {
        arena.close();
        file.close();
    }

    /** Whether the log has a bit for every page of a piece of guest-physical memory. */
    public boolean covers(long address, long length) {
        long last = address + length - 1; // of no length, before the address, or the last there can be
        boolean wraps = Long.compareUnsigned(last, address) < 0;
        return !wraps && (last >>> PAGE_SHIFT) / PAGES_PER_BYTE < description.size();
    }

    /** Whether the log has a bit for every page of guest memory. */
    public boolean covers(GuestMemory guest) {
        for (GuestRegion region : guest.regions()) {
            RegionDescription r = region.description();
            if (!covers(r.guestAddress(), r.size())) {
                return false;
            }
        }
        return true;
    }

    /**
     * Sets the bits of some of 32 pages that follow each other. What was written to the pages must be visible to all processors before, by a
     * {@link java.lang.invoke.VarHandle#fullFence}: a bit that is set already is left alone, which is right only if the front end, clearing
     * it later, will see the write.
     *
     * @param word number of the first page, divided by 32
     * @param bits bit {@code i} for page {@code 32 · word + i}; not 0
     * @return whether any of them had to be set
     * @throws IndexOutOfBoundsException if the log has no bit for one of the pages
     */
    boolean mark(long word, int bits) {
        long lastPage = word * WORD_PAGES + Integer.SIZE - 1 - Integer.numberOfLeadingZeros(bits);
        if (word < 0 || lastPage / PAGES_PER_BYTE >= description.size()) {
            throw new IndexOutOfBoundsException("page " + lastPage + " is past the end of the " + this);
        }
        long at = description.mmapOffset() + word * Integer.BYTES;
        int missing = bits & ~memory.get(WORD, at);
        for (int left = missing; left != 0; left &= left - 1) {
            check(AtomicBits.set(memory, at, Integer.numberOfTrailingZeros(left)));
        }
        return missing != 0;
    }

    private void check(int error) {
        if (error != 0) {
            throw new IllegalStateException("the " + this + " cannot be written: " + Errno.text(-error));
        }
    }

    /** Whether the file still covers the log: false after the front end has shrunk it. */
    public synchronized boolean intact() {
        return closed || FileCalls.size(file) >= description.mmapOffset() + description.size();
    }

    /**
     * When the file was last changed other than by writing to memory, in milliseconds since 1970; {@link Long#MIN_VALUE} if it can never be
     * shrunk.
     */
    public synchronized long changedMillis() {
        return closed || FileCalls.isSealedAgainstShrinking(file) ? Long.MIN_VALUE : FileCalls.changedMillis(file);
    }

    @Override
    public String toString() {
        return describe(description);
    }

    private static String describe(LogDescription d) {
        return String.format("dirty log of 0x%x bytes at file offset 0x%x", d.size(), d.mmapOffset());
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
