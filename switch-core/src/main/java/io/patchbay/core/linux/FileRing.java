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
 * for anything, so none is under way afterwards. ({@link IoUringDescriptor} has the layouts.)
 *
 * <p>The file is registered with the ring, which saves looking it up for every request, and is let go of by {@link #close}, before the ring itself.
 *
 * <p>Used by one thread at a time. Nothing here allocates after construction.
 */
final class FileRing implements AutoCloseable {

    /** Requests of one call. */
    static final int CAPACITY = 64;

    static final byte READ = IoUringDescriptor.OPERATION_READ;
    static final byte WRITE = IoUringDescriptor.OPERATION_WRITE;
    static final byte WRITEV = IoUringDescriptor.OPERATION_WRITEV;

    /** The kernel makes room for so many results. */
    private static final int COMPLETIONS = 2 * CAPACITY;

    private static final MethodHandle SYSCALL = Libc.bindVariadic(
            "syscall", Libc.longOf(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG), 1);
    private static final VarHandle INT = JAVA_INT.varHandle();

    private final Fd ring;
    private final MemorySegment state = Libc.newState();
    private final Arena arena = Arena.ofShared();
    private final MemorySegment queues;
    private final MemorySegment requests;
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
        sqHead = parameters.get(JAVA_INT, IoUringDescriptor.SQ_HEAD);
        sqTail = parameters.get(JAVA_INT, IoUringDescriptor.SQ_TAIL);
        sqArray = parameters.get(JAVA_INT, IoUringDescriptor.SQ_ARRAY);
        cqHead = parameters.get(JAVA_INT, IoUringDescriptor.CQ_HEAD);
        cqTail = parameters.get(JAVA_INT, IoUringDescriptor.CQ_TAIL);
        cqes = parameters.get(JAVA_INT, IoUringDescriptor.CQ_CQES);
        long bytes = Math.max(
                sqArray + (long) CAPACITY * IoUringDescriptor.SQ_NUMBER_BYTES,
                cqes + (long) COMPLETIONS * IoUringDescriptor.COMPLETION_BYTES);
        queues = SharedMemory.map(ring, IoUringDescriptor.PAGE_OFFSET_RINGS, bytes, arena);
        requests = SharedMemory.map(
                ring, IoUringDescriptor.PAGE_OFFSET_REQUESTS, (long) CAPACITY * IoUringDescriptor.REQUEST_BYTES, arena);
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
            MemorySegment parameters = arena.allocate(IoUringDescriptor.PARAMETERS_BYTES, Long.BYTES);
            long number = (long) SYSCALL.invokeExact(
                    state, IoUringDescriptor.SYSCALL_SETUP, (long) CAPACITY, parameters.address(), 0L, 0L, 0L, 0L);
            if (number < 0) {
                return Optional.empty();
            }
            Fd fd = Fd.adopt((int) number);
            if ((parameters.get(JAVA_INT, IoUringDescriptor.PARAMETERS_FEATURES)
                            & IoUringDescriptor.FEATURE_SINGLE_MMAP)
                    == 0) {
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
            if (register(fd, IoUringDescriptor.REGISTER_FILES, files.address(), 1) < 0) {
                made.close();
                return Optional.empty();
            }
            made.prepare(operation);
            return Optional.of(made);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private static long register(Fd ring, long what, long address, long count) {
        MemorySegment state = Libc.state();
        try {
            return (long) SYSCALL.invokeExact(
                    state, IoUringDescriptor.SYSCALL_REGISTER, (long) ring.number(), what, address, count, 0L, 0L);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private void prepare(byte operation) {
        for (int i = 0; i < CAPACITY; i++) {
            long at = request(i);
            requests.set(JAVA_BYTE, at + IoUringDescriptor.REQUEST_OPERATION, operation);
            requests.set(JAVA_BYTE, at + IoUringDescriptor.REQUEST_FLAGS, IoUringDescriptor.FLAG_FIXED_FILE);
            requests.set(JAVA_INT, at + IoUringDescriptor.REQUEST_FD, 0);
            requests.set(JAVA_LONG, at + IoUringDescriptor.REQUEST_OFFSET, IoUringDescriptor.OFFSET_NONE);
            requests.set(JAVA_INT, at + IoUringDescriptor.REQUEST_RW_FLAGS, IoUringDescriptor.RWF_NOWAIT);
            requests.set(JAVA_LONG, at + IoUringDescriptor.REQUEST_USER_DATA, i);
        }
    }

    private static long request(int i) {
        return (long) i * IoUringDescriptor.REQUEST_BYTES;
    }

    /** Says where request {@code i} reads to, or where the pieces are that it writes; it stays so until it is set again. */
    void set(int i, long address, int length) {
        long at = request(i);
        requests.set(JAVA_LONG, at + IoUringDescriptor.REQUEST_ADDRESS, address);
        requests.set(JAVA_INT, at + IoUringDescriptor.REQUEST_LENGTH, length);
    }

    /** Says also what request {@code i} does: {@link #WRITE} to an address, or {@link #WRITEV} of pieces. */
    void set(int i, byte operation, long address, int length) {
        requests.set(JAVA_BYTE, request(i) + IoUringDescriptor.REQUEST_OPERATION, operation);
        set(i, address, length);
    }

    /** Adds request {@code i} to those of the next {@link #run}; each at most once. */
    void add(int i) {
        queues.set(
                JAVA_INT, sqArray + (long) ((tail + queued) & (CAPACITY - 1)) * IoUringDescriptor.SQ_NUMBER_BYTES, i);
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

    private int enter(int toBegin, int toAwait) {
        long flags = toAwait > 0 ? IoUringDescriptor.ENTER_GETEVENTS : 0;
        try {
            long n = (long) SYSCALL.invokeExact(
                    state,
                    IoUringDescriptor.SYSCALL_ENTER,
                    (long) ring.number(),
                    (long) toBegin,
                    (long) toAwait,
                    flags,
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
            long at = cqes + (long) (head & (COMPLETIONS - 1)) * IoUringDescriptor.COMPLETION_BYTES;
            results[(int) queues.get(JAVA_LONG, at + IoUringDescriptor.COMPLETION_USER_DATA)] =
                    queues.get(JAVA_INT, at + IoUringDescriptor.COMPLETION_RESULT);
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
        long _ = register(ring, IoUringDescriptor.UNREGISTER_FILES, 0, 0);
        ring.close();
        arena.close();
        Arrays.fill(results, -Errno.EBADF);
    }
}
