package io.patchbay.core.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/** A bell whose other holder does with it what it can. */
class EventFdTest {

    private static final MethodHandle WRITE = bind("write");
    private static final MethodHandle READ = bind("read");
    private static final int F_SETFL = 4;
    private static final MethodHandle FCNTL = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("fcntl"),
                    FunctionDescriptor.of(
                            ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT, ValueLayout.JAVA_INT),
                    Linker.Option.firstVariadicArg(2));
    private static final MethodHandle DUP = Linker.nativeLinker()
            .downcallHandle(
                    Linker.nativeLinker().defaultLookup().findOrThrow("dup"),
                    FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));

    private static MethodHandle bind(String name) {
        return Linker.nativeLinker()
                .downcallHandle(
                        Linker.nativeLinker().defaultLookup().findOrThrow(name),
                        FunctionDescriptor.of(
                                ValueLayout.JAVA_LONG,
                                ValueLayout.JAVA_INT,
                                ValueLayout.ADDRESS,
                                ValueLayout.JAVA_LONG));
    }

    /** The peer's end, and ours as adopted from it. */
    private record Pair(EventFd theirs, EventFd ours) implements AutoCloseable {

        static Pair blocking() throws Throwable {
            EventFd theirs = EventFd.create();
            EventFd ours = EventFd.adopt(Fd.adopt((int) DUP.invokeExact(theirs.number())));
            int done = (int) FCNTL.invokeExact(theirs.number(), F_SETFL, 0);
            assertThat(done).isZero();
            return new Pair(theirs, ours);
        }

        void write(long value) throws Throwable {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment number = arena.allocateFrom(ValueLayout.JAVA_LONG, value);
                assertThat((long) WRITE.invokeExact(theirs.number(), number, 8L))
                        .isEqualTo(8);
            }
        }

        long read() throws Throwable {
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment number = arena.allocate(ValueLayout.JAVA_LONG);
                assertThat((long) READ.invokeExact(theirs.number(), number, 8L)).isEqualTo(8);
                return number.get(ValueLayout.JAVA_LONG, 0);
            }
        }

        @Override
        public void close() {
            theirs.close();
            ours.close();
        }
    }

    /** Runs on a thread of its own, since a thread that waits in the kernel cannot be called back. */
    private static void assertReturns(Runnable action) throws InterruptedException {
        CountDownLatch returned = new CountDownLatch(1);
        Thread.ofPlatform().daemon().start(() -> {
            action.run();
            returned.countDown();
        });
        assertThat(returned.await(Duration.ofSeconds(10).toMillis(), TimeUnit.MILLISECONDS))
                .as("it returns")
                .isTrue();
    }

    @Test
    @DisplayName("S15 CVE-2023-1838/DPDK 0445f81883: ringing a full, blocking eventfd does not wait")
    void ringingAFullBlockingBellDoesNotWait() throws Throwable {
        try (Pair bell = Pair.blocking()) {
            bell.write(-2); // 2^64 - 2, the most a counter holds
            assertReturns(() -> {
                for (int i = 0; i < 1000; i++) {
                    bell.ours().signal();
                }
            });
        }
    }

    @Test
    @DisplayName("S15: draining an empty, blocking eventfd does not wait")
    void drainingAnEmptyBlockingBellDoesNotWait() throws Throwable {
        try (Pair bell = Pair.blocking()) {
            assertReturns(() -> assertThat(bell.ours().drain()).isFalse());
            bell.write(7);
            assertReturns(() -> assertThat(bell.ours().drain()).isTrue());
        }
    }

    @Test
    void everyRingIsCountedForThePeer() throws Throwable {
        try (Pair bell = Pair.blocking()) {
            for (int i = 0; i < 1000; i++) {
                bell.ours().signal();
            }
            assertThat(bell.read()).isEqualTo(1000);
        }
    }

    @Test
    void manyThreadsMayRingTheirBellsAtOnce() throws Throwable {
        int threads = 8;
        int rings = 2000;
        try (Pair bell = Pair.blocking()) {
            Thread[] ringers = new Thread[threads];
            for (int t = 0; t < threads; t++) {
                ringers[t] = Thread.ofPlatform().start(() -> {
                    for (int i = 0; i < rings; i++) {
                        bell.ours().signal();
                    }
                });
            }
            for (Thread ringer : ringers) {
                ringer.join();
            }
            assertThat(bell.read()).isEqualTo((long) threads * rings);
        }
    }

    @Test
    @DisplayName("S15: a descriptor that is no eventfd is refused and closed")
    void whatIsNoEventfdIsRefused() throws Exception {
        Fd file = SharedMemory.createMemfd("file", 8);
        Fd socket = Fd.adopt(duplicate(UnixSocket.bind("@patchbay-eventfd-test-" + System.nanoTime())));
        for (Fd wrong : new Fd[] {file, socket}) {
            assertThatThrownBy(() -> EventFd.adopt(wrong))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("not an eventfd");
            assertThat(wrong.isOpen()).isFalse();
        }
    }

    private static int duplicate(UnixSocket socket) throws Exception {
        try (socket) {
            return (int) DUP.invokeExact(socket.number());
        } catch (Throwable t) {
            throw new AssertionError(t);
        }
    }
}
