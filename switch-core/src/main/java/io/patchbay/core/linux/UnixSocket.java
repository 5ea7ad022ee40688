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
import java.util.List;
import java.util.Optional;

/**
 * A Unix-domain socket whose messages may carry descriptors.
 *
 * <pre>
 *   0        2
 *  +--------+----------------------------+
 *  | family | path, up to 108 with its 0 |   sockaddr_un (sys/un.h); an abstract name begins with 0
 *  +--------+----------------------------+
 * </pre>
 *
 * <p>Sockets are non-blocking: wait with {@link PollSet}. One thread reads and one writes at a time; {@link #shutdown} is for any.
 */
public final class UnixSocket implements AutoCloseable {

    /** Most bytes of a path: the kernel's 108, less the terminating zero. */
    public static final int MAX_PATH_BYTES = 107;

    /** Most descriptors taken from one read; what comes beyond is closed by the kernel. */
    public static final int MAX_DESCRIPTORS = 32;

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_FLAGS = 0x80000 | 0x800; // SOCK_CLOEXEC, SOCK_NONBLOCK
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SHUT_RDWR = 2;
    private static final int ADDRESS_BYTES = 110;

    private static final MethodHandle SOCKET = Libc.bind("socket", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle BIND = Libc.bind("bind", Libc.intOf(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle LISTEN = Libc.bind("listen", Libc.intOf(JAVA_INT, JAVA_INT));
    private static final MethodHandle ACCEPT4 = Libc.bind("accept4", Libc.intOf(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT));
    private static final MethodHandle CONNECT = Libc.bind("connect", Libc.intOf(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle SHUTDOWN = Libc.bind("shutdown", Libc.intOf(JAVA_INT, JAVA_INT));
    private static final MethodHandle RECVMSG = Libc.bind("recvmsg", Libc.longOf(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle SENDMSG = Libc.bind("sendmsg", Libc.longOf(JAVA_INT, ADDRESS, JAVA_INT));

    private final Fd fd;

    private UnixSocket(Fd fd) {
        this.fd = fd;
    }

    /** Who is at the other end, as the kernel knows it. */
    public record Peer(int pid, int uid, int gid) {}

    /**
     * What one read brought.
     *
     * @param bytes how many; 0 at the end of the stream
     * @param descriptors that came with them; the receiver's to close
     * @param truncated more descriptors came than there was room for; they are lost
     */
    public record Received(int bytes, List<Fd> descriptors, boolean truncated) {}

    /** Takes a path where no file is, and makes the file. Nobody can connect before {@link #listen(int)}. */
    public static UnixSocket bind(String path) {
        UnixSocket socket = open(SOCK_STREAM);
        try {
            socket.withAddress(path, BIND, "bind");
            return socket;
        } catch (Throwable t) {
            socket.close();
            throw Libc.impossible(t);
        }
    }

    /** Lets others connect to a socket that is bound. */
    public void listen(int backlog) {
        MemorySegment state = Libc.state();
        try {
            Libc.check((int) LISTEN.invokeExact(state, fd.number(), backlog), state, "listen", fd.toString());
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Listens at a path where no file is. */
    public static UnixSocket listen(String path, int backlog) {
        UnixSocket socket = bind(path);
        try {
            socket.listen(backlog);
            return socket;
        } catch (Throwable t) {
            socket.close();
            throw Libc.impossible(t);
        }
    }

    /** Connects to a listening socket. */
    public static UnixSocket connect(String path) {
        UnixSocket socket = open(SOCK_STREAM);
        try {
            socket.withAddress(path, CONNECT, "connect");
            return socket;
        } catch (Throwable t) {
            socket.close();
            throw Libc.impossible(t);
        }
    }

    /** Sends one datagram to a path, or to the abstract name behind a leading {@code @}. */
    public static void sendDatagram(String path, byte[] message) {
        try (UnixSocket socket = open(SOCK_DGRAM)) {
            socket.withAddress(path, CONNECT, "connect");
            socket.send(message, 0, message.length, List.of());
        }
    }

    private static UnixSocket open(int type) {
        MemorySegment state = Libc.state();
        try {
            int number = (int) SOCKET.invokeExact(state, AF_UNIX, type | SOCK_FLAGS, 0);
            return new UnixSocket(Fd.adopt(Libc.check(number, state, "socket", "AF_UNIX")));
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private void withAddress(String path, MethodHandle call, String name) {
        byte[] bytes = path.getBytes(StandardCharsets.UTF_8);
        if (bytes.length == 0 || bytes.length > MAX_PATH_BYTES) {
            throw new IllegalArgumentException(
                    "the socket path " + path + " has " + bytes.length + " bytes; allowed: 1 to " + MAX_PATH_BYTES);
        }
        boolean isAbstract = bytes[0] == '@';
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(ADDRESS_BYTES, 8);
            address.set(JAVA_SHORT, 0, (short) AF_UNIX);
            MemorySegment.copy(bytes, 0, address, JAVA_BYTE, 2, bytes.length);
            if (isAbstract) {
                address.set(JAVA_BYTE, 2, (byte) 0);
            }
            int length = 2 + bytes.length + (isAbstract ? 0 : 1);
            int result = (int) call.invokeExact(state, fd.number(), address, length);
            Libc.check(result, state, name, path);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** The next connection that waits, if any. */
    public Optional<UnixSocket> accept() {
        MemorySegment state = Libc.state();
        try {
            int number =
                    (int) ACCEPT4.invokeExact(state, fd.number(), MemorySegment.NULL, MemorySegment.NULL, SOCK_FLAGS);
            if (number < 0 && (Libc.errno(state) == Errno.EAGAIN || Libc.errno(state) == Errno.ECONNRESET)) {
                return Optional.empty();
            }
            return Optional.of(new UnixSocket(Fd.adopt(Libc.check(number, state, "accept4", fd.toString()))));
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /**
     * Reads what is there, at most {@code length} bytes.
     *
     * @return empty if nothing is there yet
     */
    public Optional<Received> receive(byte[] buffer, int offset, int length) {
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(1, length));
            MemorySegment control = PassedDescriptors.room(arena, MAX_DESCRIPTORS);
            MemorySegment header = header(arena, data, length, control);
            long n = (long) RECVMSG.invokeExact(state, fd.number(), header, MSG_CMSG_CLOEXEC);
            if (n < 0 && Libc.errno(state) == Errno.EAGAIN) {
                return Optional.empty();
            }
            Libc.check(n, state, "recvmsg", fd.toString());
            MemorySegment.copy(data, JAVA_BYTE, 0, buffer, offset, (int) n);
            boolean truncated = (header.get(JAVA_INT, MessageHeader.FLAGS) & MessageHeader.MSG_CTRUNC) != 0;
            MemorySegment passed = control.asSlice(0, header.get(JAVA_LONG, MessageHeader.CONTROL_LENGTH));
            return Optional.of(new Received((int) n, PassedDescriptors.adopt(passed), truncated));
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private static MemorySegment header(Arena arena, MemorySegment data, long length, MemorySegment control) {
        MemorySegment vector = arena.allocate(IoVector.BYTES, 8);
        vector.set(JAVA_LONG, 0, data.address());
        vector.set(JAVA_LONG, 8, length);
        MemorySegment header = arena.allocate(MessageHeader.BYTES, 8);
        MessageHeader.set(header, vector, 1, control, control.byteSize());
        return header;
    }

    /**
     * Writes as much as the socket takes at once.
     *
     * @param descriptors sent with the first byte; still the caller's
     * @return bytes written, 0 if the socket takes nothing now
     */
    public int send(byte[] buffer, int offset, int length, List<Fd> descriptors) {
        MemorySegment state = Libc.state();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment data = arena.allocate(Math.max(1, length));
            MemorySegment.copy(buffer, offset, data, JAVA_BYTE, 0, length);
            MemorySegment control =
                    descriptors.isEmpty() ? MemorySegment.NULL : PassedDescriptors.of(descriptors, arena);
            MemorySegment header = header(arena, data, length, control);
            long n = (long) SENDMSG.invokeExact(state, fd.number(), header, MSG_NOSIGNAL);
            if (n < 0 && Libc.errno(state) == Errno.EAGAIN) {
                return 0;
            }
            return (int) Libc.check(n, state, "sendmsg", fd.toString());
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** The process at the other end of a connection. */
    public Peer peer() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment credentials = arena.allocate(12, 4);
            MemorySegment length = arena.allocateFrom(JAVA_INT, 12);
            SocketOptions.get(
                    Libc.state(),
                    fd,
                    SocketOptions.SOL_SOCKET,
                    SocketOptions.SO_PEERCRED,
                    credentials,
                    length,
                    "getsockopt(SO_PEERCRED)",
                    fd.toString());
            return new Peer(credentials.get(JAVA_INT, 0), credentials.get(JAVA_INT, 4), credentials.get(JAVA_INT, 8));
        }
    }

    /** Ends the connection for both sides; whoever waits on the socket wakes up. */
    public void shutdown() {
        MemorySegment state = Libc.state();
        try {
            // Fails only where there is no connection any more, which is what was wanted.
            int _ = (int) SHUTDOWN.invokeExact(state, fd.number(), SHUT_RDWR);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    public int number() {
        return fd.number();
    }

    @Override
    public void close() {
        fd.close();
    }
}
