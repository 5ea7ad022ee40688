package io.patchbay.testbed;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/** Does something without the capabilities of root: they are a thread's, so a thread gives them up. */
final class Unprivileged {

    private static final int CAPABILITY_VERSION_3 = 0x20080522;
    private static final MethodHandle CAPSET = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("capset"),
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));

    private Unprivileged() {}

    static <T> T call(Callable<T> action) throws Exception {
        FutureTask<T> task = new FutureTask<>(() -> {
            giveUpCapabilities();
            return action.call();
        });
        Thread.ofPlatform().start(task);
        try {
            return task.get();
        } catch (java.util.concurrent.ExecutionException e) {
            throw e.getCause() instanceof Exception cause ? cause : e;
        }
    }

    private static void giveUpCapabilities() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment header = arena.allocate(8, 4);
            header.set(JAVA_INT, 0, CAPABILITY_VERSION_3);
            MemorySegment none = arena.allocate(24, 4);
            int result = (int) CAPSET.invokeExact(header, none);
            assertThat(result).as("capset").isZero();
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
