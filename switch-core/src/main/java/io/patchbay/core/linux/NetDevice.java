package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;

/**
 * Network devices by name, through {@code struct ifreq} ({@code <net/if.h>}).
 *
 * <pre>
 *   0                 16              40
 *  +-----------------+---------------+
 *  | name, 15 and 0  | flags, MTU, address, ... by the request |
 *  +-----------------+---------------+
 * </pre>
 */
public final class NetDevice {

    public static final int MAX_NAME_BYTES = 15;
    public static final int ARPHRD_ETHER = 1;

    private static final int REQUEST_BYTES = 40;
    private static final int VALUE = 16;
    private static final int ADDRESS_VALUE = 18;

    private static final long TUNSETIFF = 0x400454caL;
    private static final int IFF_TAP = 0x0002;
    private static final int IFF_NO_PI = 0x1000;
    private static final long SIOCGIFFLAGS = 0x8913;
    private static final long SIOCSIFFLAGS = 0x8914;
    private static final long SIOCGIFMTU = 0x8921;
    private static final long SIOCSIFMTU = 0x8922;
    private static final long SIOCGIFHWADDR = 0x8927;
    private static final long SIOCGIFINDEX = 0x8933;
    private static final int IFF_UP = 1;
    private static final int IFF_RUNNING = 0x40;

    private static final int AF_INET = 2;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_CLOEXEC = 0x80000;

    private static final MethodHandle IOCTL = Libc.bindVariadic("ioctl", Libc.intOf(JAVA_INT, JAVA_LONG, ADDRESS), 2);
    private static final MethodHandle SOCKET = Libc.bind("socket", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT));

    private NetDevice() {}

    /** What a device is and how it stands. */
    public record Link(int index, int type, byte[] address, int mtu, boolean up, boolean running) {}

    /**
     * Opens the tap device of that name, or creates it: frames without any extra header, non-blocking.
     *
     * @return the device for reading and writing frames; it disappears when this is closed, unless somebody made it persistent
     */
    public static Fd openTap(String name) {
        Fd fd = FileCalls.open("/dev/net/tun", FileCalls.O_RDWR | FileCalls.O_NONBLOCK);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            request.set(JAVA_SHORT, VALUE, (short) (IFF_TAP | IFF_NO_PI));
            ioctl(fd, TUNSETIFF, request, "ioctl(TUNSETIFF)", name);
            return fd;
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** Looks at a device. */
    public static Link info(String name) {
        try (Fd socket = control();
                Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            ioctl(socket, SIOCGIFINDEX, request, "ioctl(SIOCGIFINDEX)", name);
            int index = request.get(JAVA_INT, VALUE);
            ioctl(socket, SIOCGIFHWADDR, request, "ioctl(SIOCGIFHWADDR)", name);
            int type = request.get(JAVA_SHORT, VALUE) & 0xffff;
            byte[] address = request.asSlice(ADDRESS_VALUE, 6).toArray(JAVA_BYTE);
            ioctl(socket, SIOCGIFMTU, request, "ioctl(SIOCGIFMTU)", name);
            int mtu = request.get(JAVA_INT, VALUE);
            ioctl(socket, SIOCGIFFLAGS, request, "ioctl(SIOCGIFFLAGS)", name);
            int flags = request.get(JAVA_SHORT, VALUE);
            return new Link(index, type, address, mtu, (flags & IFF_UP) != 0, (flags & IFF_RUNNING) != 0);
        }
    }

    /** Sets the largest packet the device carries, without the Ethernet header. */
    public static void setMtu(String name, int mtu) {
        try (Fd socket = control();
                Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            request.set(JAVA_INT, VALUE, mtu);
            ioctl(socket, SIOCSIFMTU, request, "ioctl(SIOCSIFMTU)", name + " to " + mtu);
        }
    }

    /** Brings the device up. */
    public static void setUp(String name) {
        try (Fd socket = control();
                Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            ioctl(socket, SIOCGIFFLAGS, request, "ioctl(SIOCGIFFLAGS)", name);
            request.set(JAVA_SHORT, VALUE, (short) (request.get(JAVA_SHORT, VALUE) | IFF_UP));
            ioctl(socket, SIOCSIFFLAGS, request, "ioctl(SIOCSIFFLAGS)", name);
        }
    }

    private static MemorySegment request(Arena arena, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > MAX_NAME_BYTES) {
            throw new IllegalArgumentException(
                    "the device name " + name + " has " + bytes.length + " bytes; allowed: 1 to " + MAX_NAME_BYTES);
        }
        MemorySegment request = arena.allocate(REQUEST_BYTES, 8);
        MemorySegment.copy(bytes, 0, request, JAVA_BYTE, 0, bytes.length);
        return request;
    }

    private static Fd control() {
        MemorySegment state = Libc.state();
        try {
            int number = (int) SOCKET.invokeExact(state, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
            return Fd.adopt(Libc.check(number, state, "socket", "AF_INET"));
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private static void ioctl(Fd fd, long command, MemorySegment argument, String call, String subject) {
        MemorySegment state = Libc.state();
        try {
            Libc.check((int) IOCTL.invokeExact(state, fd.number(), command, argument), state, call, subject);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }
}
