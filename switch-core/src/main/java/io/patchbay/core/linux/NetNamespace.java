package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.function.Supplier;

/**
 * Doing things in another network namespace (network_namespaces(7)).
 *
 * <p>A namespace is a thread's: what is done elsewhere is done by a thread of its own, which ends with it. Sockets and tap devices stay in
 * the namespace in which they were opened, whoever uses them afterwards.
 */
public final class NetNamespace {

    private static final int CLONE_NEWNET = 0x4000_0000;
    private static final int O_RDONLY = 0;

    private static final MethodHandle SETNS = Libc.bind("setns", Libc.intOf(JAVA_INT, JAVA_INT));

    private NetNamespace() {}

    /**
     * Does something in a namespace.
     *
     * @param path the namespace's file, such as {@code /run/netns/blue}; the caller's own namespace if absent
     * @throws LinuxException if the namespace cannot be entered
     */
    public static <T> T call(Optional<String> path, Supplier<T> action) {
        if (path.isEmpty()) {
            return action.get();
        }
        FutureTask<T> task = new FutureTask<>(() -> {
            enter(path.get());
            return action.get();
        });
        Thread.ofPlatform().name("namespace").daemon().start(task);
        return await(task);
    }

    /**
     * Which namespace a file stands for now: what is equal is the same one, as long as somebody uses it.
     *
     * @throws LinuxException if there is none, or it cannot be entered
     */
    public static Object identity(String path) {
        return call(Optional.of(path), () -> {
            try {
                Path own = Path.of("/proc/thread-self/ns/net");
                return Objects.requireNonNull(
                        Files.readAttributes(own, BasicFileAttributes.class).fileKey());
            } catch (IOException e) {
                throw new LinuxException("stat", path, Errno.EIO);
            }
        });
    }

    /** Does something in a namespace that has no result. */
    public static void run(Optional<String> path, Runnable action) {
        boolean _ = call(path, () -> {
            action.run();
            return true;
        });
    }

    private static <T> T await(FutureTask<T> task) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return task.get();
                } catch (InterruptedException _) {
                    interrupted = true; // what was begun is not left half done
                }
            }
        } catch (ExecutionException e) {
            throw Libc.impossible(Objects.requireNonNull(e.getCause()));
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    private static void enter(String path) {
        MemorySegment state = Libc.state();
        try (Fd fd = FileCalls.open(path, O_RDONLY)) {
            Libc.check((int) SETNS.invokeExact(state, fd.number(), CLONE_NEWNET), state, "setns", path);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }
}
