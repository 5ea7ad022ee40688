package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Optional;

/**
 * Several reads from, or writes to, one file by one system call: an io_uring whose requests are all done, or refused, when the call returns. None waits
 * for anything, so none is under way afterwards.
 *
 * <pre>
 *   0            8       20         40                 80                    120
 *  +-----+------+-------+----------+------------------+---------------------+
 *  | sqe | cqe  | flags | features | offsets of sq    | offsets of cq       |   io_uring_params (linux/io_uring.h)
 *  +-----+------+-------+----------+------------------+---------------------+
 *    offsets of sq: head, tail, mask, entries, flags, dropped, array; of cq: head, tail, mask, entries, overflow, cqes
 *
 *   0        1       4    8        16        24    28         32
 *  +--------+-------+----+--------+---------+-----+----------+-----------+- - -+
 *  | opcode | flags | fd | offset | address | len | rw flags | user data |     |   io_uring_sqe, 64 bytes
 *  +--------+-------+----+--------+---------+-----+----------+-----------+- - -+
 *
 *   0           8        12
 *  +-----------+--------+-------+
 *  | user data | result | flags |   io_uring_cqe
 *  +-----------+--------+-------+
 * </pre>
 *
 * <p>The file is registered with the ring, which saves looking it up for every request, and is let go of by {@link #close}, before the ring itself.
 *
 * <p>Used by one thread at a time. Nothing here allocates after construction.
 */
final class FileRing implements AutoCloseable {

    /** Requests of one call. */
    static final int CAPACITY = 64;

    static final byte READ = 22;
    static final byte WRITE = 23;
    static final byte WRITEV = 2;

    private static final long IO_URING_SETUP = 425;
    private static final long IO_URING_ENTER = 426;
    private static final long IO_URING_REGISTER = 427;
    private static final int REGISTER_FILES = 2;
    private static final int UNREGISTER_FILES = 3;
    private static final int ENTER_GETEVENTS = 1;
    private static final int FEATURE_SINGLE_MMAP = 1;
    private static final byte FIXED_FILE = 1;
    private static final int RWF_NOWAIT = 8;
    private static final long OFFSET_OF_ENTRIES = 0x1000_0000L;
    private static final int PARAMETER_BYTES = 120;
    private static final int FEATURES = 20;
    private static final int SQ_HEAD = 40;
    private static final int SQ_TAIL = 44;
    private static final int SQ_ARRAY = 64;
    private static final int CQ_HEAD = 80;
    private static final int CQ_TAIL = 84;
    private static final int CQ_CQES = 100;
    private static final int ENTRY_BYTES = 64;
    private static final int ENTRY_FD = 4;
    private static final int ENTRY_OFFSET = 8;
    private static final int ENTRY_ADDRESS = 16;
    private static final int ENTRY_LENGTH = 24;
    private static final int ENTRY_FLAGS = 28;
    private static final int ENTRY_DATA = 32;
    private static final int COMPLETION_BYTES = 16;
    private static final int COMPLETION_RESULT = 8;
    private static final int COMPLETIONS = 2 * CAPACITY;

    private static final MethodHandle SYSCALL = Libc.bindVariadic(
            "syscall", Libc.longOf(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG), 1);
    private static final VarHandle INT = JAVA_INT.varHandle();

    private final Fd ring;
    private final MemorySegment state = Libc.newState();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment queues;
    private final MemorySegment entries;
    private final long sqTail;
    private final long sqHead;
    private final long sqArray;
    private final long cqHead;
    private final long cqTail;
    private final long cqes;
    private final int[] results = new int[CAPACITY];
    private int tail;
    private int queued;

    private FileRing(Fd ring, MemorySegment parameters) {
        this.ring = ring;
        sqHead = parameters.get(JAVA_INT, SQ_HEAD);
        sqTail = parameters.get(JAVA_INT, SQ_TAIL);
        sqArray = parameters.get(JAVA_INT, SQ_ARRAY);
        cqHead = parameters.get(JAVA_INT, CQ_HEAD);
        cqTail = parameters.get(JAVA_INT, CQ_TAIL);
        cqes = parameters.get(JAVA_INT, CQ_CQES);
        long bytes = Math.max(sqArray + (long) CAPACITY * Integer.BYTES, cqes + (long) COMPLETIONS * COMPLETION_BYTES);
        queues = SharedMemory.map(ring, 0, bytes, arena);
        entries = SharedMemory.map(ring, OFFSET_OF_ENTRIES, (long) CAPACITY * ENTRY_BYTES, arena);
    }

    /**
     * A ring for a file that is in use for as long as the ring is.
     *
     * @param operation {@link #READ} or {@link #WRITEV}
     * @return absent where the kernel knows no io_uring, or the container forbids it
     */
    static Optional<FileRing> open(int file, byte operation) {
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment parameters = arena.allocate(PARAMETER_BYTES, Long.BYTES);
            long number = (long)
                    SYSCALL.invokeExact(state, IO_URING_SETUP, (long) CAPACITY, parameters.address(), 0L, 0L, 0L, 0L);
            if (number < 0) {
                return Optional.empty();
            }
            Fd fd = Fd.adopt((int) number);
            if ((parameters.get(JAVA_INT, FEATURES) & FEATURE_SINGLE_MMAP) == 0) {
                fd.close();
                return Optional.empty();
            }
            FileRing made;
            try {
                made = new FileRing(fd, parameters);
            } catch (LinuxException e) {
                fd.close();
                return Optional.empty(); // no memory to be locked for it
            }
            MemorySegment files = arena.allocateFrom(JAVA_INT, file);
            if ((long) SYSCALL.invokeExact(
                            state,
                            IO_URING_REGISTER,
                            (long) fd.number(),
                            (long) REGISTER_FILES,
                            files.address(),
                            1L,
                            0L,
                            0L)
                    < 0) {
                made.close();
                return Optional.empty();
            }
            made.prepare(operation);
            return Optional.of(made);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private void prepare(byte operation) {
        for (int i = 0; i < CAPACITY; i++) {
            long at = (long) i * ENTRY_BYTES;
            entries.set(JAVA_BYTE, at, operation);
            entries.set(JAVA_BYTE, at + 1, FIXED_FILE);
            entries.set(JAVA_INT, at + ENTRY_FD, 0);
            entries.set(JAVA_LONG, at + ENTRY_OFFSET, -1L);
            entries.set(JAVA_INT, at + ENTRY_FLAGS, RWF_NOWAIT);
            entries.set(JAVA_LONG, at + ENTRY_DATA, i);
        }
    }

    /** Says where request {@code i} reads to, or where the pieces are that it writes; it stays so until it is set again. */
    void set(int i, long address, int length) {
        long at = (long) i * ENTRY_BYTES;
        entries.set(JAVA_LONG, at + ENTRY_ADDRESS, address);
        entries.set(JAVA_INT, at + ENTRY_LENGTH, length);
    }

    /** Says also what request {@code i} does: {@link #WRITE} to an address, or {@link #WRITEV} of pieces. */
    void set(int i, byte operation, long address, int length) {
        entries.set(JAVA_BYTE, (long) i * ENTRY_BYTES, operation);
        set(i, address, length);
    }

    /** Adds request {@code i} to those of the next {@link #run}; each at most once. */
    void add(int i) {
        queues.set(JAVA_INT, sqArray + (long) ((tail + queued) & (CAPACITY - 1)) * Integer.BYTES, i);
        results[i] = -Errno.ENOBUFS; // what stays if the kernel does not even begin
        queued++;
    }

    /** Does what was added, in that order; {@link #result} has what came of it. */
    void run() {
        int wanted = queued;
        queued = 0;
        INT.setRelease(queues, sqTail, tail + wanted);
        int begun = 0;
        int done = 0;
        while (done < wanted) {
            boolean beginning = begun < wanted;
            int n = beginning ? enter(wanted - begun, 0) : enter(0, wanted - done);
            if (n != -Errno.EINTR && (beginning ? n <= 0 : n < 0)) {
                break; // no room in the kernel for more: the rest is refused
            }
            begun += Math.max(n, 0);
            done += reap();
        }
        tail = (int) INT.getAcquire(queues, sqHead);
        INT.setRelease(queues, sqTail, tail); // what was not begun is taken back
    }

    private int enter(int requests, int completions) {
        int flags = completions > 0 ? ENTER_GETEVENTS : 0;
        try {
            long n = (long) SYSCALL.invokeExact(
                    state,
                    IO_URING_ENTER,
                    (long) ring.number(),
                    (long) requests,
                    (long) completions,
                    (long) flags,
                    0L,
                    0L);
            return n < 0 ? -Libc.errno(state) : (int) n;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private int reap() {
        int head = queues.get(JAVA_INT, cqHead);
        int end = (int) INT.getAcquire(queues, cqTail);
        int n = end - head;
        for (; head != end; head++) {
            long at = cqes + (long) (head & (COMPLETIONS - 1)) * COMPLETION_BYTES;
            results[(int) queues.get(JAVA_LONG, at)] = queues.get(JAVA_INT, at + COMPLETION_RESULT);
        }
        INT.setRelease(queues, cqHead, end);
        return n;
    }

    /** Bytes read or written by request {@code i} when it was run last, or {@code -errno}. */
    int result(int i) {
        return results[i];
    }

    /** Lets go of the file, at once, and of the ring. */
    @Override
    public void close() {
        if (!ring.isOpen()) {
            return;
        }
        MemorySegment mine = Libc.state();
        try {
            long _ = (long) SYSCALL.invokeExact(
                    mine, IO_URING_REGISTER, (long) ring.number(), (long) UNREGISTER_FILES, 0L, 0L, 0L, 0L);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
        ring.close();
        arena.close();
        Arrays.fill(results, -Errno.EBADF);
    }
}
