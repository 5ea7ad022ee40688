package io.patchbay.vhost.memory;

import io.patchbay.core.linux.EventFd;
import java.lang.invoke.VarHandle;
import java.util.Optional;

/**
 * The pages one virtqueue has written and not logged yet. Pages that follow each other, as those of a ring or a large buffer do, share a
 * word of the log and are looked up and set together.
 *
 * <p>Confined to one thread at a time; nothing is allocated after construction.
 */
public final class DirtyPages {

    private static final int SLOTS = 32;

    private final DirtyLog log;
    private final Optional<EventFd> signal;
    /** A word of the log has its place by its number; one that wants a place that is taken is why the other is logged at once. */
    private final long[] word = new long[SLOTS];

    private final int[] bits = new int[SLOTS];
    private int taken;

    /** @param signal told whenever something was logged */
    public DirtyPages(DirtyLog log, Optional<EventFd> signal) {
        this.log = log;
        this.signal = signal;
    }

    /**
     * Notes that a piece of guest-physical memory has been written.
     *
     * @param length bytes, 0 or more; the log must cover them
     */
    public void add(long address, long length) {
        if (length > 0) {
            long last = (address + length - 1) >>> DirtyLog.PAGE_SHIFT;
            for (long page = address >>> DirtyLog.PAGE_SHIFT; page <= last; page++) {
                addPage(page);
            }
        }
    }

    private void addPage(long page) {
        long wanted = page / DirtyLog.WORD_PAGES;
        int slot = (int) wanted & SLOTS - 1;
        if ((taken & 1 << slot) != 0 && word[slot] != wanted) {
            flush();
        }
        word[slot] = wanted;
        bits[slot] |= 1 << (int) page;
        taken |= 1 << slot;
    }

    /** Logs all pages noted. Everything this thread has written to them is visible before their bits are. */
    public void flush() {
        if (taken == 0) {
            return;
        }
        // ORDER: what was written before the bits. A full fence, since a bit that is set already is only read: the
        // write must not be on its way still when the front end, clearing that bit after the read, copies the page.
        VarHandle.fullFence();
        boolean any = false;
        for (int left = taken; left != 0; left &= left - 1) {
            int slot = Integer.numberOfTrailingZeros(left);
            any |= log.mark(word[slot], bits[slot]);
            bits[slot] = 0;
        }
        taken = 0;
        if (any && signal.isPresent()) {
            signal.get().signal();
        }
    }
}
