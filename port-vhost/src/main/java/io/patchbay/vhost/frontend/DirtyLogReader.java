package io.patchbay.vhost.frontend;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.wire.LogDescription;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.function.LongConsumer;

/** The front end's side of a dirty log: makes it, looks for pages that were written, and clears what it has seen, all while devices log. */
public final class DirtyLogReader implements AutoCloseable {

    /** Bytes of the piece that is looked at and cleared at once, as in QEMU. */
    private static final int CHUNK_BYTES = 8;

    private static final long CHUNK_MEMORY = CHUNK_BYTES * 8L * 4096;
    private static final VarHandle CHUNK = ValueLayout.JAVA_LONG.varHandle();

    private final Arena arena = Arena.ofShared();
    private final Fd file;
    private final MemorySegment bits;

    private DirtyLogReader(long bytes) {
        file = SharedMemory.createMemfd("patchbay-log", bytes);
        bits = SharedMemory.map(file, 0, bytes, arena);
    }

    /** A log for memory whose guest-physical addresses are below {@code end}. */
    public static DirtyLogReader forMemoryUpTo(long end) {
        return new DirtyLogReader((end + CHUNK_MEMORY - 1) / CHUNK_MEMORY * CHUNK_BYTES);
    }

    public LogDescription description() {
        return new LogDescription(bits.byteSize(), 0);
    }

    /** The log's file, for sending it to a device; still this object's to close. */
    public Fd file() {
        return file;
    }

    /** Clears the log, telling of every page that was in it: its guest-physical address divided by 4096. */
    public void take(LongConsumer page) {
        for (long at = 0; at < bits.byteSize(); at += CHUNK_BYTES) {
            if (bits.get(ValueLayout.JAVA_LONG, at) == 0) {
                continue;
            }
            for (long left = (long) CHUNK.getAndSet(bits, at, 0L); left != 0; left &= left - 1) {
                page.accept(at * 8 + Long.numberOfTrailingZeros(left));
            }
        }
    }

    @Override
    public void close() {
        arena.close();
        file.close();
    }
}
