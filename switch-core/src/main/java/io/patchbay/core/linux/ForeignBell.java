package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Rings eventfds that somebody else holds too, without ever waiting.
 *
 * <p>Whether {@code write(2)} on an eventfd waits is a property of the open file, which whoever sent it to us shares: they can clear
 * O_NONBLOCK and fill the counter at any moment, between any check of ours and the write. What never waits is the kernel's own signal at the
 * end of an asynchronous operation. So we submit an operation that does nothing, a write of no bytes to {@code /dev/null}, and name the
 * eventfd as the one to be signalled.
 *
 * <pre>
 *  struct iocb (linux/aio_abi.h)
 *   0           8        12         16      18        20     24      32       40       48         56       60
 *  +-----------+--------+----------+-------+---------+------+-------+--------+--------+----------+--------+--------+
 *  | data      | key    | rw_flags | opcode| priority| file | buffer| bytes  | offset | reserved | flags  | eventfd|
 *  +-----------+--------+----------+-------+---------+------+-------+--------+--------+----------+--------+--------+
 * </pre>
 *
 * <p>A few contexts serve the whole process, since the kernel has a limited number of them; whoever rings takes one that is free.
 */
final class ForeignBell {

    private static final boolean ARM =
            System.getProperty("os.arch").toLowerCase(Locale.ROOT).contains("aarch64");
    private static final long IO_SETUP = ARM ? 0 : 206;
    private static final long IO_GETEVENTS = ARM ? 4 : 208;
    private static final long IO_SUBMIT = ARM ? 2 : 209;

    private static final int IOCB_BYTES = 64;
    private static final int IOCB_OPCODE = 16;
    private static final int IOCB_FILE = 20;
    private static final int IOCB_BUFFER = 24;
    private static final int IOCB_FLAGS = 56;
    private static final int IOCB_EVENTFD = 60;
    private static final short OPCODE_WRITE = 1;
    private static final int FLAG_EVENTFD = 1;
    private static final int EVENT_BYTES = 32;
    private static final int EVENTS = 32;
    private static final int CONTEXTS = 4;
    private static final int O_WRONLY = 1;

    private static final MethodHandle SETUP = syscall(JAVA_LONG, JAVA_LONG, ADDRESS);
    private static final MethodHandle SUBMIT = syscall(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS);
    private static final MethodHandle GET_EVENTS =
            syscall(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, ADDRESS);

    private static final ForeignBell[] BELLS = new ForeignBell[CONTEXTS];

    static {
        for (int i = 0; i < CONTEXTS; i++) {
            BELLS[i] = new ForeignBell();
        }
    }

    private final AtomicBoolean taken = new AtomicBoolean();
    private final Arena arena = Arena.ofAuto();
    private final MemorySegment iocb = arena.allocate(IOCB_BYTES, Long.BYTES);
    private final MemorySegment list = arena.allocate(ADDRESS);
    private final MemorySegment events = arena.allocate((long) EVENTS * EVENT_BYTES, Long.BYTES);
    private long context;
    private boolean tried;
    private boolean usable;
    private int unreaped;

    private ForeignBell() {}

    private static MethodHandle syscall(ValueLayout... numberAndParameters) {
        return Libc.bindWithoutErrno("syscall", Libc.longOf(numberAndParameters), Linker.Option.firstVariadicArg(1));
    }

    /**
     * Adds one to the counter of an eventfd; a full counter stays full.
     *
     * @return false if this kernel, or what confines us, allows no asynchronous operations
     */
    static boolean ring(int eventfd) {
        for (int i = 0; ; i = (i + 1) % CONTEXTS) {
            ForeignBell bell = BELLS[i];
            if (bell.taken.compareAndSet(false, true)) {
                try {
                    return bell.ringMine(eventfd);
                } finally {
                    bell.taken.set(false);
                }
            }
            Thread.onSpinWait();
        }
    }

    private boolean ringMine(int eventfd) {
        if (!tried) {
            tried = true;
            usable = setUp();
        }
        if (!usable) {
            return false;
        }
        iocb.set(JAVA_INT, IOCB_EVENTFD, eventfd);
        try {
            // The kernel counts completions that were not collected, and takes no more operations than it has room for.
            if (unreaped == EVENTS) {
                long _ = (long)
                        GET_EVENTS.invokeExact(IO_GETEVENTS, context, 0L, (long) EVENTS, events, MemorySegment.NULL);
                unreaped = 0;
            }
            unreaped++;
            // A bell that was closed meanwhile is the only other reason to fail, and needs no ringing.
            long _ = (long) SUBMIT.invokeExact(IO_SUBMIT, context, 1L, list);
            return true;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private boolean setUp() {
        try (Arena scratch = Arena.ofConfined()) {
            MemorySegment id = scratch.allocate(JAVA_LONG);
            if ((long) SETUP.invokeExact(IO_SETUP, (long) EVENTS, id) < 0) {
                return false;
            }
            context = id.get(JAVA_LONG, 0);
            // Open for as long as the process runs.
            Fd nothing = FileCalls.open("/dev/null", O_WRONLY);
            iocb.set(JAVA_SHORT, IOCB_OPCODE, OPCODE_WRITE);
            iocb.set(JAVA_INT, IOCB_FILE, nothing.number());
            iocb.set(JAVA_LONG, IOCB_BUFFER, events.address());
            iocb.set(JAVA_INT, IOCB_FLAGS, FLAG_EVENTFD);
            list.set(ADDRESS, 0, iocb);
            return true;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }
}
