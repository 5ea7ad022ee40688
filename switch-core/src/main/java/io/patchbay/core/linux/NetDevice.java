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
import java.util.Optional;

/**
 * Network devices of the calling thread's namespace by name, through {@code struct ifreq} ({@code <net/if.h>}).
 *
 * <pre>
 *   0                 16              40
 *  +-----------------+---------------+
 *  | name, 15 and 0  | flags, MTU, address, ... by the request |
 *  +-----------------+---------------+
 *
 *   0         4                              20   24   28      32         36
 *  +---------+------------------------------+----+----+-------+----------+
 *  | command | most of each                 | rx | tx | other | combined |   struct ethtool_channels ({@code <linux/ethtool.h>})
 *  +---------+------------------------------+----+----+-------+----------+
 * </pre>
 */
public final class NetDevice {

    public static final int MAX_NAME_BYTES = 15;
    public static final int ARPHRD_ETHER = 1;

    private static final int REQUEST_BYTES = 40;
    static final int VALUE = 16;
    private static final int ADDRESS_VALUE = 18;

    private static final long SIOCGIFFLAGS = 0x8913;
    private static final long SIOCSIFFLAGS = 0x8914;
    private static final long SIOCGIFMTU = 0x8921;
    private static final long SIOCSIFMTU = 0x8922;
    private static final long SIOCSIFHWADDR = 0x8924;
    private static final long SIOCGIFHWADDR = 0x8927;
    private static final long SIOCGIFINDEX = 0x8933;
    private static final long SIOCETHTOOL = 0x8946;
    private static final int ETHTOOL_GCHANNELS = 0x3c;
    private static final int CHANNELS_BYTES = 36;
    private static final int CHANNELS_RX = 20;
    private static final int CHANNELS_TX = 24;
    private static final int CHANNELS_COMBINED = 32;
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

    /** Looks at a device, if it is there. */
    public static Optional<Link> find(String name) {
        try {
            return Optional.of(info(name));
        } catch (LinuxException e) {
            if (e.errno() == Errno.ENODEV) {
                return Optional.empty();
            }
            throw e;
        }
    }

    /** Looks at a device that must be there. */
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

    /** How many queues of a device are in use in each direction. */
    public record Channels(int receive, int transmit) {}

    /** How many queues a device uses, as {@code ethtool -l} shows; absent if its driver does not say. */
    public static Optional<Channels> channels(String name) {
        try (Fd socket = control();
                Arena arena = Arena.ofConfined()) {
            MemorySegment channels = arena.allocate(CHANNELS_BYTES, Integer.BYTES);
            channels.set(JAVA_INT, 0, ETHTOOL_GCHANNELS);
            MemorySegment request = request(arena, name);
            request.set(JAVA_LONG, VALUE, channels.address());
            ioctl(socket, SIOCETHTOOL, request, "ioctl(SIOCETHTOOL, ETHTOOL_GCHANNELS)", name);
            int combined = channels.get(JAVA_INT, CHANNELS_COMBINED);
            return Optional.of(new Channels(
                    channels.get(JAVA_INT, CHANNELS_RX) + combined, channels.get(JAVA_INT, CHANNELS_TX) + combined));
        } catch (LinuxException e) {
            if (e.errno() == Errno.EOPNOTSUPP) {
                return Optional.empty();
            }
            throw e;
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

    /** Gives the device another Ethernet address. */
    public static void setAddress(String name, byte[] address) {
        try (Fd socket = control();
                Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            request.set(JAVA_SHORT, VALUE, (short) ARPHRD_ETHER);
            MemorySegment.copy(address, 0, request, JAVA_BYTE, ADDRESS_VALUE, address.length);
            ioctl(socket, SIOCSIFHWADDR, request, "ioctl(SIOCSIFHWADDR)", name);
        }
    }

    /** Brings the device up or down. One that is so already is left alone: that takes no privilege. */
    public static void setUp(String name, boolean up) {
        try (Fd socket = control();
                Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            ioctl(socket, SIOCGIFFLAGS, request, "ioctl(SIOCGIFFLAGS)", name);
            int flags = request.get(JAVA_SHORT, VALUE);
            int wanted = up ? flags | IFF_UP : flags & ~IFF_UP;
            if (flags == wanted) {
                return;
            }
            request.set(JAVA_SHORT, VALUE, (short) wanted);
            ioctl(socket, SIOCSIFFLAGS, request, "ioctl(SIOCSIFFLAGS)", name);
        }
    }

    static MemorySegment request(Arena arena, String name) {
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

    static void ioctl(Fd fd, long command, MemorySegment argument, String call, String subject) {
        MemorySegment state = Libc.state();
        try {
            Libc.check((int) IOCTL.invokeExact(state, fd.number(), command, argument), state, call, subject);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }
}
