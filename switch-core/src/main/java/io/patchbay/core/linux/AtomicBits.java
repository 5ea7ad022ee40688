package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Sets single bits, atomically, in memory that another process changes too and may take away at any moment.
 *
 * <p>The kernel does it, for futexes: FUTEX_WAKE_OP changes a 32-bit word with a locked instruction, then wakes waiters, of which there are
 * none here. Where the memory has gone, the call fails like any other that is handed a bad address. What Java has to offer for the same
 * purpose ends the process then, at least while it is interpreted.
 */
public final class AtomicBits {

    /** Its number on x86-64; everything younger uses the common table of the kernel. */
    private static final long SYS_FUTEX = "amd64".equals(System.getProperty("os.arch")) ? 202 : 98;

    /** The key of a private futex is its address alone: only the word that is changed is ever looked at. */
    private static final int FUTEX_WAKE_OP_PRIVATE = 5 | 128;

    /** The operation in bits 28 to 31, its argument in bits 12 to 23. */
    private static final int OR = 2 << 28;

    /** The argument is the number of a bit. */
    private static final int ARGUMENT_IS_A_BIT = 8 << 28;

    private static final int ARGUMENT_SHIFT = 12;

    // Takes microseconds at most, like the page fault that a plain store to the same page may cause.
    private static final MethodHandle FUTEX = Libc.bindVariadicNonBlocking(
            "syscall", Libc.longOf(JAVA_LONG, ADDRESS, JAVA_INT, JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT), 1);

    private AtomicBits() {}

    /**
     * Sets one bit of a 32-bit word. May be called by any number of threads; allocates nothing.
     *
     * @param memory begins at a multiple of 4
     * @param offset where in {@code memory} the word begins, a multiple of 4
     * @param bit 0 to 31, lowest value first
     * @return 0, or {@code -errno}: EFAULT if the memory has gone
     * @throws IndexOutOfBoundsException if the word is not within {@code memory}
     */
    public static int set(MemorySegment memory, long offset, int bit) {
        return change(memory, offset, OR | ARGUMENT_IS_A_BIT | (bit & 31) << ARGUMENT_SHIFT);
    }

    /** Sets no bit of a word: says whether {@link #set} works there. */
    public static int setNone(MemorySegment memory, long offset) {
        return change(memory, offset, OR);
    }

    private static int change(MemorySegment memory, long offset, int operation) {
        if (offset < 0 || offset > memory.byteSize() - Integer.BYTES) {
            throw new IndexOutOfBoundsException("a word at " + offset + " of " + memory.byteSize() + " bytes");
        }
        MemorySegment state = Libc.state();
        try {
            // BOUNDS: the word is within the segment, and the segment as an argument keeps its memory mapped meanwhile.
            long result = (long) FUTEX.invokeExact(
                    state, SYS_FUTEX, memory, FUTEX_WAKE_OP_PRIVATE, 0, 0L, memory.address() + offset, operation);
            return result < 0 ? -Libc.errno(state) : 0;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }
}
