package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;

/**
 * A file system of one's own that is mounted nowhere (fsopen(2), fsmount(2); Linux 5.2): reached by a descriptor, seen by nobody else, gone when
 * that and all files opened in it are closed. Takes CAP_SYS_ADMIN.
 */
final class DetachedMount implements AutoCloseable {

    // The same on all architectures; by number since not every C library has functions for them.
    private static final long SYS_FSOPEN = 430;
    private static final long SYS_FSCONFIG = 431;
    private static final long SYS_FSMOUNT = 432;
    private static final long FSOPEN_CLOEXEC = 1;
    private static final long FSCONFIG_CMD_CREATE = 6;
    private static final long FSMOUNT_CLOEXEC = 1;

    private static final MethodHandle SYSCALL = Libc.bindVariadic(
            "syscall", Libc.longOf(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG), 1);
    private static final MethodHandle MKNOD = Libc.bind("mknod", Libc.intOf(ADDRESS, JAVA_INT, JAVA_LONG));
    private static final int S_IFCHR = 0x2000;
    private static final int FOR_THE_OWNER = 0x180;

    private final Fd root;

    private DetachedMount(Fd root) {
        this.root = root;
    }

    /**
     * Mounts a file system.
     *
     * @param type such as {@code tmpfs}; a {@code sysfs} shows the calling thread's network namespace, whoever reads it
     */
    static DetachedMount of(String type) {
        try (Arena arena = Arena.ofConfined();
                Fd context = Fd.adopt(call(
                        "fsopen", type, SYS_FSOPEN, arena.allocateFrom(type).address(), FSOPEN_CLOEXEC, 0))) {
            int _ = call("fsconfig", type, SYS_FSCONFIG, context.number(), FSCONFIG_CMD_CREATE, 0);
            return new DetachedMount(
                    Fd.adopt(call("fsmount", type, SYS_FSMOUNT, context.number(), FSMOUNT_CLOEXEC, 0)));
        }
    }

    private static int call(String name, String subject, long number, long first, long second, long third) {
        MemorySegment state = Libc.state();
        try {
            long result = (long) SYSCALL.invokeExact(state, number, first, second, third, 0L, 0L);
            return (int) Libc.check(result, state, name, subject);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Where its root is found by threads of this process while the mount is open. */
    Path root() {
        return Path.of("/proc/self/fd/" + root.number());
    }

    /** Makes the file of a character device, which takes CAP_MKNOD. */
    Path makeCharacterDevice(String name, DeviceNumber device) {
        Path path = root().resolve(name);
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            int result = (int) MKNOD.invokeExact(
                    state, arena.allocateFrom(path.toString()), S_IFCHR | FOR_THE_OWNER, device.packed());
            Libc.check(result, state, "mknod", device.toString());
            return path;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    @Override
    public void close() {
        root.close();
    }
}
