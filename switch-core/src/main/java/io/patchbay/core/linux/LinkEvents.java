package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Hears that some network device of a namespace was made, changed or deleted (rtnetlink(7), group RTMGRP_LINK).
 *
 * <pre>
 *   0        2      4         8
 *  +--------+------+---------+---------+
 *  | family |      | port id | groups  |   sockaddr_nl (linux/netlink.h)
 *  +--------+------+---------+---------+
 * </pre>
 *
 * <p>It does not say which: whoever is woken looks at his device, which is right also when events were lost.
 */
public final class LinkEvents implements AutoCloseable {

    private static final int AF_NETLINK = 16;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_FLAGS = 0x80000 | 0x800;
    private static final int NETLINK_ROUTE = 0;
    private static final int RTMGRP_LINK = 1;
    private static final int ADDRESS_BYTES = 12;
    private static final int GROUPS = 8;
    private static final int MSG_TRUNC = 0x20;

    private static final MethodHandle SOCKET = Libc.bind("socket", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle BIND = Libc.bind("bind", Libc.intOf(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle RECV = Libc.bind("recv", Libc.longOf(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));

    private final Fd fd;

    private LinkEvents(Fd fd) {
        this.fd = fd;
    }

    /** Listens to the devices of the calling thread's namespace. */
    public static LinkEvents open() {
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            int number = (int) SOCKET.invokeExact(state, AF_NETLINK, SOCK_RAW | SOCK_FLAGS, NETLINK_ROUTE);
            Fd fd = Fd.adopt(Libc.check(number, state, "socket", "AF_NETLINK"));
            try {
                MemorySegment address = arena.allocate(ADDRESS_BYTES, 4);
                address.set(JAVA_SHORT, 0, (short) AF_NETLINK);
                address.set(JAVA_INT, GROUPS, RTMGRP_LINK);
                int result = (int) BIND.invokeExact(state, fd.number(), address, ADDRESS_BYTES);
                Libc.check(result, state, "bind", "AF_NETLINK");
                return new LinkEvents(fd);
            } catch (Throwable t) {
                fd.close();
                throw t;
            }
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** The descriptor that is readable when something has happened. */
    public int number() {
        return fd.number();
    }

    /** Forgets what was heard, and says whether there was anything. */
    public boolean drain() {
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment nothing = arena.allocate(1);
            boolean any = false;
            while (true) {
                // Messages are thrown away unread; ENOBUFS says that the kernel threw some away for us.
                long n = (long) RECV.invokeExact(state, fd.number(), nothing, 1L, MSG_TRUNC);
                if (n < 0 && Libc.errno(state) != Errno.ENOBUFS) {
                    if (Libc.errno(state) == Errno.EAGAIN) {
                        return any;
                    }
                    throw new LinuxException("recv", "AF_NETLINK", Libc.errno(state));
                }
                any = true;
            }
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    @Override
    public void close() {
        fd.close();
    }
}
