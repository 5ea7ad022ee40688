package io.patchbay.core.linux;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/**
 * Reads frames from a tap: several by one system call where io_uring is allowed, one by each otherwise.
 *
 * <p>A read that finds nothing costs something, too, so no more are made at once than found something the last time, and one.
 */
public final class TapReader implements AutoCloseable {

    private final int file;
    private final ReceiveBatch batch;
    private final MemorySegment state = Libc.newState();
    private Optional<FileRing> ring;
    private int expected = 1;
    private int found;

    /** @param mayRing whether io_uring may be used */
    public TapReader(TapFile file, ReceiveBatch batch, boolean mayRing) {
        this.file = file.number();
        this.batch = batch;
        this.ring = mayRing ? FileRing.open(file.number(), FileRing.READ) : Optional.empty();
        ring.ifPresent(r -> {
            for (int i = 0; i < ReceiveBatch.CAPACITY; i++) {
                r.set(i, batch.memory().address() + batch.readAt(i), batch.readBytes());
            }
        });
    }

    /** What is read by one call: for tests and logs. */
    public boolean hasRing() {
        return ring.isPresent();
    }

    /**
     * Reads frames into slots. Allocates nothing.
     *
     * @param from the first slot
     * @param most how many frames, at least 1
     * @return how many slots are used: fewer than {@code most} if no more frames are waiting; {@code -errno} if there is none. A slot may have been left
     *     out; its result is an error.
     */
    public int read(int from, int most) {
        return ring.isPresent() ? readByRing(ring.get(), from, most) : readEach(from, most);
    }

    private int readByRing(FileRing requests, int from, int most) {
        int done = 0;
        while (done < most) {
            int n = Math.min(expected, most - done);
            for (int i = 0; i < n; i++) {
                requests.add(from + done + i);
            }
            requests.run();
            int errno = take(requests, from + done, n);
            done += found;
            if (errno == Errno.EOPNOTSUPP) {
                close(); // a kernel before 5.13, where reading from such a file may wait
                return readEach(from, most);
            }
            if (errno != 0) {
                expected = Math.min(done + 1, ReceiveBatch.CAPACITY);
                return done > 0 ? done : -errno;
            }
            expected = Math.min(2 * expected, ReceiveBatch.CAPACITY);
        }
        return done;
    }

    /**
     * Takes over what requests read, and counts the slots up to the last frame as {@link #found}: between two that find nothing a frame may have come.
     *
     * @return the error number of the first that found nothing, or 0
     */
    private int take(FileRing requests, int from, int n) {
        int errno = 0;
        found = 0;
        for (int i = 0; i < n; i++) {
            int result = requests.result(from + i);
            batch.set(from + i, result);
            if (result >= 0) {
                found = i + 1;
            } else if (errno == 0) {
                errno = -result;
            }
        }
        return errno;
    }

    private int readEach(int from, int most) {
        for (int done = 0; done < most; done++) {
            int slot = from + done;
            int n = FileCalls.read(file, state, batch.memory().address() + batch.readAt(slot), batch.readBytes());
            if (n < 0) {
                return done > 0 ? done : n;
            }
            batch.set(slot, n);
        }
        return most;
    }

    @Override
    public void close() {
        ring.ifPresent(FileRing::close);
        ring = Optional.empty();
    }
}
