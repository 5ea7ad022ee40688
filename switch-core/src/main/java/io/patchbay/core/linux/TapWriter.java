package io.patchbay.core.linux;

import java.util.Optional;

/**
 * Writes frames to a tap: all of a batch by one system call where io_uring is allowed, one by each otherwise.
 *
 * <p>In a ring every frame is tried, also after one that found no room; whoever wants to try that one again, and those behind it later, takes one by each.
 */
public final class TapWriter implements AutoCloseable {

    private final int file;
    private Optional<FileRing> ring;

    /** @param mayRing whether io_uring may be used, and a frame may be lost without those behind it */
    public TapWriter(TapFile file, boolean mayRing) {
        this.file = file.number();
        this.ring = mayRing ? FileRing.open(file.number(), FileRing.WRITEV) : Optional.empty();
    }

    /** Whether several frames are written by one call: for tests and logs. */
    public boolean hasRing() {
        return ring.isPresent();
    }

    /**
     * Writes frames of a batch, in order, until one is not taken whole. Allocates nothing.
     *
     * @param from the first of them; 0 whenever the batch is another one
     * @return how many were taken, at least 1; or, of the first, {@code -errno}, or {@link FrameBatch#SHORT_WRITE}
     */
    public int write(FrameBatch batch, int from) {
        if (ring.isPresent()) {
            FileRing requests = ring.get();
            if (from == 0) {
                writeAll(requests, batch);
            }
            if (requests.result(from) != -Errno.EOPNOTSUPP) {
                return taken(requests, batch, from);
            }
            close(); // a kernel before 5.13, where writing to such a file may wait
        }
        return FileCalls.writeEach(file, batch, from, batch.frames());
    }

    private static void writeAll(FileRing requests, FrameBatch batch) {
        for (int i = 0; i < batch.frames(); i++) {
            if (batch.count(i) == 1) {
                requests.set(i, FileRing.WRITE, batch.pieces().base(batch.first(i)), batch.length(i));
            } else {
                requests.set(i, FileRing.WRITEV, batch.pieces().addressOf(batch.first(i)), batch.count(i));
            }
            requests.add(i);
        }
        requests.run();
    }

    private static int taken(FileRing requests, FrameBatch batch, int from) {
        int i = from;
        while (i < batch.frames() && requests.result(i) == batch.length(i)) {
            i++;
        }
        if (i > from) {
            return i - from;
        }
        return requests.result(from) < 0 ? requests.result(from) : FrameBatch.SHORT_WRITE;
    }

    @Override
    public void close() {
        ring.ifPresent(FileRing::close);
        ring = Optional.empty();
    }
}
