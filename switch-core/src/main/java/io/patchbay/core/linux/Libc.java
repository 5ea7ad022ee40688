package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;

/** Binds functions of the C library, and carries their error numbers. */
final class Libc {

    private static final Linker LINKER = Linker.nativeLinker();
    private static final StructLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(MemoryLayout.PathElement.groupElement("errno"));
    private static final ThreadLocal<MemorySegment> STATES = ThreadLocal.withInitial(Libc::newState);

    private Libc() {}

    /** Room for the error number of one caller at a time. */
    static MemorySegment newState() {
        return Arena.ofAuto().allocate(STATE);
    }

    /** The calling thread's room for an error number. For calls that are not made per frame. */
    static MemorySegment state() {
        return STATES.get();
    }

    static int errno(MemorySegment state) {
        return (int) ERRNO.get(state, 0L);
    }

    /** A function whose first parameter is the room for its error number. */
    static MethodHandle bind(String name, FunctionDescriptor type) {
        return bind(name, type, List.of());
    }

    /** The same for a call that can never block. */
    static MethodHandle bindNonBlocking(String name, FunctionDescriptor type) {
        return bind(name, type, List.of(Linker.Option.critical(false)));
    }

    /** The same for a function that takes a variable number of arguments after the first {@code fixed}. */
    static MethodHandle bindVariadic(String name, FunctionDescriptor type, int fixed) {
        return bind(name, type, List.of(Linker.Option.firstVariadicArg(fixed)));
    }

    /** Both: variable arguments, and never blocks. */
    static MethodHandle bindVariadicNonBlocking(String name, FunctionDescriptor type, int fixed) {
        return bind(name, type, List.of(Linker.Option.firstVariadicArg(fixed), Linker.Option.critical(false)));
    }

    /**
     * A function whose error number nobody wants to know, and which has no room for it as a parameter. Where code is called too rarely to be compiled by
     * the last compiler, such as that which rings a bell, a call makes no garbage only without that room: it is made a slice of.
     */
    static MethodHandle bindWithoutErrno(String name, FunctionDescriptor type, Linker.Option... options) {
        return LINKER.downcallHandle(LINKER.defaultLookup().findOrThrow(name), type, options);
    }

    private static MethodHandle bind(String name, FunctionDescriptor type, List<Linker.Option> more) {
        List<Linker.Option> options = new ArrayList<>(more);
        options.add(Linker.Option.captureCallState("errno"));
        return bindWithoutErrno(name, type, options.toArray(Linker.Option[]::new));
    }

    /** The type of a function on ints, longs and addresses that returns an int. */
    static FunctionDescriptor intOf(ValueLayout... parameters) {
        return FunctionDescriptor.of(JAVA_INT, parameters);
    }

    /** The type of a function on ints, longs and addresses that returns a long. */
    static FunctionDescriptor longOf(ValueLayout... parameters) {
        return FunctionDescriptor.of(JAVA_LONG, parameters);
    }

    static FunctionDescriptor addressOf(ValueLayout... parameters) {
        return FunctionDescriptor.of(ADDRESS, parameters);
    }

    /** What a method handle threw that its function cannot throw. */
    static IllegalStateException impossible(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown instanceof RuntimeException runtime) {
            throw runtime;
        }
        return new IllegalStateException("a system call threw", thrown);
    }

    /** The result of a call, or the exception for its failure. */
    static int check(int result, MemorySegment state, String call, String subject) {
        if (result < 0) {
            throw new LinuxException(call, subject, errno(state));
        }
        return result;
    }

    static long check(long result, MemorySegment state, String call, String subject) {
        if (result < 0) {
            throw new LinuxException(call, subject, errno(state));
        }
        return result;
    }
}
