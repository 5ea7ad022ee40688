package io.patchbay.vhost.net;

import io.patchbay.vhost.memory.DirtyPages;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.ring.Chain;
import io.patchbay.vhost.ring.ChainBatch;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/** Logs the buffers of the guest that a queue has written to, if that is to be logged (VHOST_F_LOG_ALL). */
final class WriteLog {

    /** Logs nothing. */
    static final WriteLog OFF = new WriteLog(GuestMemory.EMPTY, Optional.empty());

    private final GuestMemory memory;
    private final Optional<DirtyPages> pages;
    private final boolean on;

    private WriteLog(GuestMemory memory, Optional<DirtyPages> pages) {
        this.memory = memory;
        this.pages = pages;
        this.on = pages.isPresent();
    }

    /** Logs writes to {@code memory}, all of which the log must cover. */
    static WriteLog into(DirtyPages pages, GuestMemory memory) {
        return new WriteLog(memory, Optional.of(pages));
    }

    boolean isOn() {
        return on;
    }

    /**
     * Notes that {@code bytes} of a buffer were written. Never before they are: the log may be told of them at once, and the front end would copy what was
     * there before. If the sender's memory broke off in the middle, this is still due. Only while {@link #isOn}.
     */
    void wrote(MemorySegment to, long at, long bytes) {
        pages.orElseThrow().add(memory.guestAddress(to, at), bytes);
    }

    /** The same of the first {@code bytes} of the buffers of a chain, or of several. */
    void wrote(Chain chain, long bytes) {
        long left = bytes;
        for (int s = 0; left > 0; s++) {
            long n = Math.min(left, chain.length(s));
            wrote(chain.base(s), chain.offset(s), n);
            left -= n;
        }
    }

    /** The same of the buffers of the first chains of a batch, as much as it says was {@linkplain ChainBatch#written written}. */
    void wrote(ChainBatch batch, int chains) {
        for (int i = 0; i < chains; i++) {
            wrote(batch.base(i), batch.offset(i), batch.written(i));
        }
    }

    /** Logs what was noted. Only while {@link #isOn}. */
    void flush() {
        pages.orElseThrow().flush();
    }
}
