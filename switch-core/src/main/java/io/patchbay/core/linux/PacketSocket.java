package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * An AF_PACKET socket bound to one interface: whole Ethernet frames in and out (packet(7)). {@link PacketDescriptor} has the layouts.
 *
 * <p>Frames of this host's own stack, and frames that it put together from several, are not finished: no checksum, and more than the
 * interface carries. A virtio-net header of {@value #HEADER_BYTES} bytes before every frame says what is to be done, in both directions. A frame
 * for whose state it has no words is lost, and {@link PacketReader#read} says EINVAL.
 *
 * <p>The kernel takes the outermost VLAN tag out of a received frame and reports it beside it; so does the {@link PacketReader}.
 *
 * <p>Reads and writes are made by one thread at a time each, and allocate nothing.
 */
public final class PacketSocket implements AutoCloseable {

    /** Bytes of the virtio-net header, without num_buffers, before every frame received or sent: what is left undone in the frame. */
    public static final int HEADER_BYTES = 10;

    private static final int SOCK_FLAGS = 0x80000 | 0x800; // SOCK_CLOEXEC, SOCK_NONBLOCK
    private static final int SOCK_RAW = 3;
    private static final long SIOCOUTQ = 0x5411L;

    private static final MethodHandle SOCKET = Libc.bind("socket", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle BIND = Libc.bind("bind", Libc.intOf(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle GETSOCKNAME = Libc.bind("getsockname", Libc.intOf(JAVA_INT, ADDRESS, ADDRESS));
    private static final MethodHandle SENDMMSG =
            Libc.bind("sendmmsg", Libc.intOf(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));
    private static final MethodHandle IOCTL = Libc.bindVariadic("ioctl", Libc.intOf(JAVA_INT, JAVA_LONG, ADDRESS), 2);

    private final Fd fd;
    private final String interfaceName;
    private final MemorySegment bufferedState = Libc.newState();
    private final MemorySegment buffered = Arena.ofAuto().allocate(JAVA_INT);
    private final MemorySegment statisticsState = Libc.newState();
    private final MemorySegment statistics = Arena.ofAuto().allocate(PacketDescriptor.STATISTICS_BYTES, Integer.BYTES);
    private final MemorySegment statisticsLength = Arena.ofAuto().allocate(JAVA_INT);

    private PacketSocket(Fd fd, String interfaceName) {
        this.fd = fd;
        this.interfaceName = interfaceName;
    }

    /**
     * How a socket is to be.
     *
     * @param promiscuous whether the interface shall receive frames that are not addressed to it
     * @param receiveBufferBytes memory for frames that wait to be read
     * @param sendBufferBytes memory for frames that wait to be sent; what the system gives a socket if absent
     * @param qdiscBypass whether frames sent pass the interface's queueing discipline by, and with it whoever listens to what it sends
     */
    public record Options(
            boolean promiscuous, int receiveBufferBytes, Optional<Integer> sendBufferBytes, boolean qdiscBypass) {

        /** Room for a millisecond or two of a 10 Gbit/s link. */
        public static final Options DEFAULT = new Options(true, 4 << 20, Optional.empty(), false);
    }

    /** Opens a socket on an interface of the calling thread's namespace; it never hears the frames it sends itself. */
    public static PacketSocket open(String interfaceName, int index, Options options) {
        return open(interfaceName, index, options, socket -> {});
    }

    /** The same. What is done to it before it is bound is done before it can hear anything. */
    static PacketSocket open(String interfaceName, int index, Options options, Consumer<PacketSocket> beforeItIsBound) {
        PacketSocket socket = unbound(interfaceName);
        try {
            beforeItIsBound.accept(socket);
            socket.configure(options);
            if (options.promiscuous()) {
                socket.makePromiscuous(index);
            }
            socket.bind(index);
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** Makes an interface of the calling thread's namespace receive frames that are not addressed to it, until what is returned is closed. */
    public static Fd promiscuous(String interfaceName, int index) {
        PacketSocket socket = unbound(interfaceName);
        try {
            socket.makePromiscuous(index);
            return socket.fd;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** A socket of no protocol: it hears nothing, neither of this interface nor of another. */
    private static PacketSocket unbound(String interfaceName) {
        MemorySegment state = Libc.state();
        try {
            int number = (int) SOCKET.invokeExact(state, PacketDescriptor.AF_PACKET, SOCK_RAW | SOCK_FLAGS, 0);
            Fd fd = Fd.adopt(Libc.check(number, state, "socket(AF_PACKET, SOCK_RAW)", "for " + interfaceName));
            return new PacketSocket(fd, interfaceName);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private void configure(Options options) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment room = arena.allocateFrom(JAVA_INT, options.receiveBufferBytes());
            setBuffer(SocketOptions.SO_RCVBUFFORCE, "SO_RCVBUFFORCE", SocketOptions.SO_RCVBUF, "SO_RCVBUF", room);
            if (options.sendBufferBytes().isPresent()) {
                MemorySegment bytes =
                        arena.allocateFrom(JAVA_INT, options.sendBufferBytes().get());
                setBuffer(SocketOptions.SO_SNDBUFFORCE, "SO_SNDBUFFORCE", SocketOptions.SO_SNDBUF, "SO_SNDBUF", bytes);
            }
            MemorySegment yes = arena.allocateFrom(JAVA_INT, 1);
            set(PacketDescriptor.PACKET_VNET_HDR, yes, "PACKET_VNET_HDR");
            set(PacketDescriptor.PACKET_AUXDATA, yes, "PACKET_AUXDATA");
            set(PacketDescriptor.PACKET_IGNORE_OUTGOING, yes, "PACKET_IGNORE_OUTGOING");
            if (options.qdiscBypass()) {
                set(PacketDescriptor.PACKET_QDISC_BYPASS, yes, "PACKET_QDISC_BYPASS");
            }
        }
    }

    private void setBuffer(int force, String forceName, int option, String name, MemorySegment bytes) {
        try {
            set(SocketOptions.SOL_SOCKET, force, bytes, forceName);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EPERM) {
                throw e;
            }
            // Not ours to exceed the system's limit: as much of it as the limit allows.
            set(SocketOptions.SOL_SOCKET, option, bytes, name);
        }
    }

    private void makePromiscuous(int index) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment membership = arena.allocate(PacketDescriptor.MEMBERSHIP_BYTES, Integer.BYTES);
            membership.set(JAVA_INT, PacketDescriptor.MEMBERSHIP_IFINDEX, index);
            membership.set(JAVA_SHORT, PacketDescriptor.MEMBERSHIP_TYPE, (short) PacketDescriptor.PACKET_MR_PROMISC);
            set(PacketDescriptor.PACKET_ADD_MEMBERSHIP, membership, "PACKET_ADD_MEMBERSHIP");
        }
    }

    private void bind(int index) {
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(PacketDescriptor.ADDRESS_BYTES, Integer.BYTES);
            address.set(JAVA_SHORT, PacketDescriptor.ADDRESS_FAMILY, (short) PacketDescriptor.AF_PACKET);
            short protocol = Short.reverseBytes((short) PacketDescriptor.ETH_P_ALL);
            address.set(JAVA_SHORT, PacketDescriptor.ADDRESS_PROTOCOL, protocol);
            address.set(JAVA_INT, PacketDescriptor.ADDRESS_IFINDEX, index);
            int result = (int) BIND.invokeExact(state, fd.number(), address, PacketDescriptor.ADDRESS_BYTES);
            Libc.check(result, state, "bind", interfaceName);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /**
     * Whether it is bound still: not if the interface was deleted or moved to another namespace, nor when that one, with its old number, is back.
     */
    public boolean isBound() {
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(PacketDescriptor.ADDRESS_BYTES, Integer.BYTES);
            MemorySegment length = arena.allocateFrom(JAVA_INT, PacketDescriptor.ADDRESS_BYTES);
            int result = (int) GETSOCKNAME.invokeExact(state, fd.number(), address, length);
            Libc.check(result, state, "getsockname", interfaceName);
            return address.get(JAVA_INT, PacketDescriptor.ADDRESS_IFINDEX) > 0;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Sets an option of packet sockets. */
    void set(int option, MemorySegment value, String name) {
        set(PacketDescriptor.SOL_PACKET, option, value, name);
    }

    void set(int level, int option, MemorySegment value, String name) {
        SocketOptions.set(fd, level, option, value, name, interfaceName);
    }

    int get(int level, int option, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(JAVA_INT);
            MemorySegment length = arena.allocateFrom(JAVA_INT, 4);
            String call = "getsockopt(" + name + ")";
            SocketOptions.get(Libc.state(), fd, level, option, value, length, call, interfaceName);
            return value.get(JAVA_INT, 0);
        }
    }

    /** Memory for frames that wait to be sent, as the kernel counts it: twice what was asked for. */
    public int sendBufferBytes() {
        return get(SocketOptions.SOL_SOCKET, SocketOptions.SO_SNDBUF, "SO_SNDBUF");
    }

    /** How much of it is in use. For the thread that writes; allocates nothing. */
    public int bufferedBytes() {
        try {
            int result = (int) IOCTL.invokeExact(bufferedState, fd.number(), SIOCOUTQ, buffered);
            Libc.check(result, bufferedState, "ioctl(SIOCOUTQ)", interfaceName);
            return buffered.get(JAVA_INT, 0);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /**
     * Sends frames of a batch, in order, until one is refused. Allocates nothing.
     *
     * @param from the first of them
     * @return how many were sent, at least 1, or {@code -errno} of the first
     */
    public int send(FrameBatch batch, int from) {
        try {
            MemorySegment state = batch.pieces().state();
            int n = (int)
                    SENDMMSG.invokeExact(state, fd.number(), batch.headersAddress(from), batch.frames() - from, 0);
            return n < 0 ? -Libc.errno(state) : n;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** What reads frames from this socket into a batch's slots. */
    public PacketReader reader(ReceiveBatch batch) {
        return new PacketReader(fd, batch);
    }

    /** Frames the kernel has dropped since this was last asked, because nobody read them in time. For the thread that reads; allocates nothing. */
    public int takeKernelDrops() {
        statisticsLength.set(JAVA_INT, 0, PacketDescriptor.STATISTICS_BYTES);
        SocketOptions.get(
                statisticsState,
                fd,
                PacketDescriptor.SOL_PACKET,
                PacketDescriptor.PACKET_STATISTICS,
                statistics,
                statisticsLength,
                "getsockopt(PACKET_STATISTICS)",
                interfaceName);
        return statistics.get(JAVA_INT, PacketDescriptor.STATISTICS_DROPS);
    }

    public int number() {
        return fd.number();
    }

    @Override
    public void close() {
        fd.close();
    }
}
