package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * An AF_PACKET socket bound to one interface: whole Ethernet frames in and out (packet(7)).
 *
 * <pre>
 *   0        2          4         8        10     11      12
 *  +--------+----------+---------+--------+------+-------+---------+
 *  | family | protocol | ifindex | hatype | type | alen  | address |   sockaddr_ll (linux/if_packet.h)
 *  +--------+----------+---------+--------+------+-------+---------+
 *
 *   0        4     8          12    14    16       18
 *  +--------+-----+----------+-----+-----+--------+----------+
 *  | status | len | snap len | mac | net | tci    | tpid     |   tpacket_auxdata
 *  +--------+-----+----------+-----+-----+--------+----------+
 *
 *   0         4      6      8
 *  +---------+------+------+---------+
 *  | ifindex | type | alen | address |   packet_mreq
 *  +---------+------+------+---------+
 * </pre>
 *
 * <p>Frames of this host's own stack, and frames that it put together from several, are not finished: no checksum, and more than the
 * interface carries. A virtio-net header of {@value #HEADER_BYTES} bytes before every frame says what is to be done, in both directions. A frame
 * for whose state it has no words is lost, and {@link Reader#read} says EINVAL.
 *
 * <p>The kernel takes the outermost VLAN tag out of a received frame and reports it beside it; so does the {@link Reader}.
 *
 * <p>Reads and {@link IoVector writes} are made by one thread at a time each, and allocate nothing.
 */
public final class PacketSocket implements AutoCloseable {

    /** Bytes of the virtio-net header, without num_buffers, before every frame received or sent: what is left undone in the frame. */
    public static final int HEADER_BYTES = 10;

    private static final int AF_PACKET = 17;
    private static final int SOCK_RAW = 3;
    private static final int SOCK_FLAGS = 0x80000 | 0x800;
    private static final int ETH_P_ALL = 3;
    private static final int SOL_PACKET = 263;
    private static final int PACKET_ADD_MEMBERSHIP = 1;
    private static final int PACKET_STATISTICS = 6;
    private static final int PACKET_AUXDATA = 8;
    private static final int PACKET_VNET_HDR = 15;
    private static final int PACKET_FANOUT = 18;
    private static final int FANOUT_HASH = 0;
    private static final int FANOUT_UNIQUE_ID = 0x2000;
    private static final int FANOUT_IGNORE_OUTGOING = 0x4000;
    private static final int PACKET_QDISC_BYPASS = 20;
    private static final int PACKET_IGNORE_OUTGOING = 23;
    private static final int PACKET_MR_PROMISC = 1;
    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUF = 7;
    private static final int SO_RCVBUF = 8;
    private static final int SO_ATTACH_FILTER = 26;
    private static final int SO_DETACH_FILTER = 27;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int SO_RCVBUFFORCE = 33;
    private static final long SIOCOUTQ = 0x5411L;
    private static final short BPF_RETURN_CONSTANT = 6;
    private static final int TP_STATUS_VLAN_VALID = 1 << 4;
    private static final int TP_STATUS_VLAN_TPID_VALID = 1 << 6;
    private static final int ETH_P_8021Q = 0x8100;
    private static final int ADDRESS_BYTES = 20;
    private static final int AUX_BYTES = 20;
    private static final int AUX_TCI = 16;
    private static final int AUX_TPID = 18;
    private static final int CONTROL_BYTES = MessageHeader.CONTROL_HEADER_BYTES + 24;

    private static final MethodHandle SOCKET = Libc.bind("socket", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle BIND = Libc.bind("bind", Libc.intOf(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle SENDMMSG =
            Libc.bind("sendmmsg", Libc.intOf(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT));
    private static final MethodHandle IOCTL = Libc.bindVariadic("ioctl", Libc.intOf(JAVA_INT, JAVA_LONG, ADDRESS), 2);
    private static final MethodHandle RECVMMSG =
            Libc.bind("recvmmsg", Libc.intOf(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));

    private final Fd fd;
    private final String interfaceName;
    private final MemorySegment bufferedState = Libc.newState();
    private final MemorySegment buffered = Arena.ofAuto().allocate(4, 4);
    private final MemorySegment statisticsState = Libc.newState();
    private final MemorySegment statistics = Arena.ofAuto().allocate(8, 4);
    private final MemorySegment statisticsLength = Arena.ofAuto().allocate(4, 4);

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
        return open(interfaceName, index, options, false);
    }

    /** Makes an interface of the calling thread's namespace receive frames that are not addressed to it, until what is returned is closed. */
    public static Fd promiscuous(String interfaceName, int index) {
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            // Of no protocol: it hears nothing itself.
            int number = (int) SOCKET.invokeExact(state, AF_PACKET, SOCK_RAW | SOCK_FLAGS, 0);
            Fd fd = Fd.adopt(Libc.check(number, state, "socket(AF_PACKET, SOCK_RAW)", "for " + interfaceName));
            try {
                new PacketSocket(fd, interfaceName).makePromiscuous(arena, index);
                return fd;
            } catch (RuntimeException e) {
                fd.close();
                throw e;
            }
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private void makePromiscuous(Arena arena, int index) throws Throwable {
        MemorySegment membership = arena.allocate(16, 4);
        membership.set(JAVA_INT, 0, index);
        membership.set(JAVA_SHORT, 4, (short) PACKET_MR_PROMISC);
        set(SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership, "PACKET_ADD_MEMBERSHIP");
    }

    /**
     * Opens several sockets on an interface, among which the kernel divides the flows it receives: each frame comes to one of them, and none of
     * them hears what any of them sends.
     */
    public static List<PacketSocket> openAll(String interfaceName, int index, Options options, int count) {
        if (count == 1) {
            return List.of(open(interfaceName, index, options));
        }
        List<PacketSocket> sockets = new ArrayList<>();
        try {
            Optional<Integer> group = Optional.empty();
            for (int i = 0; i < count; i++) {
                // Deaf until it has joined: by itself each would hear everything.
                PacketSocket socket = open(interfaceName, index, options, true);
                sockets.add(socket);
                group = Optional.of(socket.join(group));
            }
            sockets.forEach(PacketSocket::listen);
            return List.copyOf(sockets);
        } catch (RuntimeException e) {
            sockets.forEach(PacketSocket::close);
            throw e;
        }
    }

    private static PacketSocket open(String interfaceName, int index, Options options, boolean deaf) {
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            // Protocol 0 until it is bound, so that no frame of another interface slips in.
            int number = (int) SOCKET.invokeExact(state, AF_PACKET, SOCK_RAW | SOCK_FLAGS, 0);
            Fd fd = Fd.adopt(Libc.check(number, state, "socket(AF_PACKET, SOCK_RAW)", "for " + interfaceName));
            PacketSocket socket = new PacketSocket(fd, interfaceName);
            try {
                if (deaf) {
                    socket.ignoreEverything(arena);
                }
                MemorySegment room = arena.allocateFrom(JAVA_INT, options.receiveBufferBytes());
                socket.setBuffer(SO_RCVBUFFORCE, "SO_RCVBUFFORCE", SO_RCVBUF, "SO_RCVBUF", room);
                if (options.sendBufferBytes().isPresent()) {
                    MemorySegment bytes = arena.allocateFrom(
                            JAVA_INT, options.sendBufferBytes().get());
                    socket.setBuffer(SO_SNDBUFFORCE, "SO_SNDBUFFORCE", SO_SNDBUF, "SO_SNDBUF", bytes);
                }
                MemorySegment yes = arena.allocateFrom(JAVA_INT, 1);
                socket.set(SOL_PACKET, PACKET_VNET_HDR, yes, "PACKET_VNET_HDR");
                socket.set(SOL_PACKET, PACKET_AUXDATA, yes, "PACKET_AUXDATA");
                socket.set(SOL_PACKET, PACKET_IGNORE_OUTGOING, yes, "PACKET_IGNORE_OUTGOING");
                if (options.qdiscBypass()) {
                    socket.set(SOL_PACKET, PACKET_QDISC_BYPASS, yes, "PACKET_QDISC_BYPASS");
                }
                if (options.promiscuous()) {
                    socket.makePromiscuous(arena, index);
                }
                socket.bind(arena, index);
                return socket;
            } catch (RuntimeException e) {
                socket.close();
                throw e;
            }
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Attaches a filter of one instruction: take 0 bytes. */
    private void ignoreEverything(Arena arena) throws Throwable {
        MemorySegment instruction = arena.allocate(8, 8);
        instruction.set(JAVA_SHORT, 0, BPF_RETURN_CONSTANT);
        MemorySegment program = arena.allocate(16, 8);
        program.set(JAVA_SHORT, 0, (short) 1);
        program.set(JAVA_LONG, 8, instruction.address());
        set(SOL_SOCKET, SO_ATTACH_FILTER, program, "SO_ATTACH_FILTER");
    }

    private void listen() {
        try (Arena arena = Arena.ofConfined()) {
            set(SOL_SOCKET, SO_DETACH_FILTER, arena.allocateFrom(JAVA_INT, 0), "SO_DETACH_FILTER");
        }
    }

    /** Joins a group, or founds one, and says which it is. */
    private int join(Optional<Integer> group) {
        int flags = FANOUT_HASH | FANOUT_IGNORE_OUTGOING | (group.isEmpty() ? FANOUT_UNIQUE_ID : 0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocateFrom(JAVA_INT, flags << 16 | group.orElse(0));
            set(SOL_PACKET, PACKET_FANOUT, value, "PACKET_FANOUT");
        }
        return get(SOL_PACKET, PACKET_FANOUT, "PACKET_FANOUT") & 0xffff;
    }

    private int get(int level, int option, String name) {
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
        return get(SOL_SOCKET, SO_SNDBUF, "SO_SNDBUF");
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

    private void bind(Arena arena, int index) throws Throwable {
        MemorySegment address = arena.allocate(ADDRESS_BYTES, 4);
        address.set(JAVA_SHORT, 0, (short) AF_PACKET);
        address.set(JAVA_SHORT, 2, Short.reverseBytes((short) ETH_P_ALL));
        address.set(JAVA_INT, 4, index);
        MemorySegment state = Libc.state();
        Libc.check((int) BIND.invokeExact(state, fd.number(), address, ADDRESS_BYTES), state, "bind", interfaceName);
    }

    private void setBuffer(int force, String forceName, int option, String name, MemorySegment bytes) {
        try {
            set(SOL_SOCKET, force, bytes, forceName);
        } catch (LinuxException e) {
            if (e.errno() != Errno.EPERM) {
                throw e;
            }
            // Not ours to exceed the system's limit: as much of it as the limit allows.
            set(SOL_SOCKET, option, bytes, name);
        }
    }

    private void set(int level, int option, MemorySegment value, String name) {
        SocketOptions.set(fd, level, option, value, name, interfaceName);
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
    public Reader reader(ReceiveBatch batch) {
        return new Reader(batch);
    }

    /**
     * Reads frames, several by one system call, each with the header before it and, beside it, the tag that was taken out.
     *
     * <pre>
     *   0         56    60   64
     *  +---------+-----+----+
     *  | msghdr  | len |    |   mmsghdr, times capacity
     *  +---------+-----+----+
     * </pre>
     */
    public final class Reader {

        private static final int MESSAGE_BYTES = 64;
        private static final int MESSAGE_LENGTH = 56;

        private final ReceiveBatch batch;
        private final MemorySegment state = Libc.newState();
        private final IoVector places = new IoVector(ReceiveBatch.CAPACITY);
        private final MemorySegment messages = room(MESSAGE_BYTES);
        private final MemorySegment controls = room(CONTROL_BYTES);

        private Reader(ReceiveBatch batch) {
            this.batch = batch;
            for (int i = 0; i < ReceiveBatch.CAPACITY; i++) {
                places.set(i, batch.memory(), batch.readAt(i), batch.readBytes());
                MessageHeader.set(
                        messages.asSlice((long) i * MESSAGE_BYTES, MESSAGE_BYTES),
                        places.segment().asSlice((long) i * IoVector.BYTES, IoVector.BYTES),
                        1,
                        controls.asSlice((long) i * CONTROL_BYTES, CONTROL_BYTES),
                        CONTROL_BYTES);
            }
        }

        private static MemorySegment room(int bytes) {
            return Arena.ofAuto().allocate((long) ReceiveBatch.CAPACITY * bytes, Long.BYTES);
        }

        /**
         * Reads frames into slots; a frame that did not fit has the result {@link Errno#EMSGSIZE}. Allocates nothing.
         *
         * @param from the first slot
         * @param most how many frames, at least 1
         * @return how many were read: fewer than {@code most} if no more are waiting; {@code -errno} if none was read
         */
        public int read(int from, int most) {
            try {
                int n = (int) RECVMMSG.invokeExact(
                        state, fd.number(), messages.address() + (long) from * MESSAGE_BYTES, most, 0, 0L);
                if (n < 0) {
                    return -Libc.errno(state);
                }
                for (int i = from; i < from + n; i++) {
                    take(i);
                }
                return n;
            } catch (Throwable t) {
                throw Libc.impossible(t);
            }
        }

        private void take(int slot) {
            long message = (long) slot * MESSAGE_BYTES;
            boolean cut = (messages.get(JAVA_INT, message + MessageHeader.FLAGS) & MessageHeader.MSG_TRUNC) != 0;
            batch.set(slot, cut ? -Errno.EMSGSIZE : messages.get(JAVA_INT, message + MESSAGE_LENGTH), tag(slot));
            messages.set(JAVA_LONG, message + MessageHeader.CONTROL_LENGTH, CONTROL_BYTES);
        }

        private int tag(int slot) {
            long control = (long) slot * CONTROL_BYTES;
            if (messages.get(JAVA_LONG, (long) slot * MESSAGE_BYTES + MessageHeader.CONTROL_LENGTH)
                            < MessageHeader.CONTROL_HEADER_BYTES + AUX_BYTES
                    || controls.get(JAVA_INT, control + MessageHeader.CONTROL_ITEM_LEVEL) != SOL_PACKET
                    || controls.get(JAVA_INT, control + MessageHeader.CONTROL_ITEM_TYPE) != PACKET_AUXDATA) {
                return ReceiveBatch.NO_TAG;
            }
            long aux = control + MessageHeader.CONTROL_HEADER_BYTES;
            int status = controls.get(JAVA_INT, aux);
            if ((status & TP_STATUS_VLAN_VALID) == 0) {
                return ReceiveBatch.NO_TAG;
            }
            int tci = controls.get(JAVA_SHORT, aux + AUX_TCI) & 0xffff;
            int tpid = (status & TP_STATUS_VLAN_TPID_VALID) != 0
                    ? controls.get(JAVA_SHORT, aux + AUX_TPID) & 0xffff
                    : ETH_P_8021Q;
            return tpid << 16 | tci;
        }
    }

    /** Frames the kernel has dropped since this was last asked, because nobody read them in time. For the thread that reads; allocates nothing. */
    public int takeKernelDrops() {
        statisticsLength.set(JAVA_INT, 0, 8);
        SocketOptions.get(
                statisticsState,
                fd,
                SOL_PACKET,
                PACKET_STATISTICS,
                statistics,
                statisticsLength,
                "getsockopt(PACKET_STATISTICS)",
                interfaceName);
        return statistics.get(JAVA_INT, 4);
    }

    public int number() {
        return fd.number();
    }

    @Override
    public void close() {
        fd.close();
    }
}
