package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.locks.LockSupport;

/**
 * An AF_XDP socket in copy mode on one queue of an interface (Documentation/networking/af_xdp.rst).
 *
 * <p>Frames received are copied out of its memory, and frames to be sent are copied in, so what a guest takes away or changes afterwards does not
 * matter.
 *
 * <p>Read by one thread and written by one thread at a time. Nothing here allocates after construction.
 */
public final class XdpSocket implements AutoCloseable {

    /** The longest packet, without Ethernet header, for which there is room also if it has two VLAN tags. */
    public static final int MAX_MTU = XdpSender.MAX_MTU;

    /** More than one sends between two sleeps while there is little to do: then to stop watching, and to begin again, would cost more than it saves. */
    private static final int SENT_BEFORE_BELL_RESTS = 256;

    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;

    /** The kernel gives up a queue a moment after the socket that had it was closed, by a thread of its own: so long we wait for it. */
    private static final long RELEASE_NANOS = 500_000_000;

    private static final long RELEASE_LOOK_NANOS = 5_000_000;

    private static final MethodHandle SOCKET = Libc.bind("socket", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle BIND = Libc.bind("bind", Libc.intOf(JAVA_INT, ADDRESS, JAVA_INT));

    private final Fd fd;
    private final Arena arena;
    private final XdpReceiver receiver;
    private final XdpSender sender;
    private final XdpBell bell;

    /** Of the thread that reads. */
    private int sentWhenArmed;

    /**
     * Opens a socket on a queue of an interface of the calling thread's namespace. Nothing is received until an {@link XdpProgram} redirects frames to it.
     *
     * @param receiveBytes memory for frames that wait to be read, made a power of two of chunks of 4096
     * @param sendBytes memory for frames that wait to be sent, likewise
     * @throws LinuxException with EBUSY if the queue has such a socket already, EINVAL if there is no such queue
     */
    @SuppressWarnings("MustBeClosedChecker") // closed with the socket
    public static XdpSocket open(String interfaceName, int index, int queue, int receiveBytes, int sendBytes) {
        String subject = "queue " + queue + " of " + interfaceName;
        MemorySegment state = Libc.state();
        Arena arena = Arena.ofShared();
        try {
            int number = (int) SOCKET.invokeExact(state, XdpDescriptor.AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
            Fd fd = Fd.adopt(Libc.check(number, state, "socket(AF_XDP, SOCK_RAW)", "for " + interfaceName));
            try {
                XdpMemory memory = new XdpMemory(fd, subject, receiveBytes, sendBytes, arena);
                bind(fd, subject, index, queue);
                return new XdpSocket(fd, subject, arena, memory);
            } catch (RuntimeException e) {
                fd.close();
                throw e;
            }
        } catch (Throwable t) {
            arena.close();
            throw Libc.impossible(t);
        }
    }

    private XdpSocket(Fd fd, String subject, Arena arena, XdpMemory memory) {
        this.fd = fd;
        this.arena = arena;
        this.receiver = new XdpReceiver(fd, subject, memory);
        this.bell = new XdpBell(fd.number());
        this.sender = new XdpSender(fd, subject, memory, bell);
    }

    private static void bind(Fd fd, String subject, int index, int queue) throws Throwable {
        try (Arena temporary = Arena.ofConfined()) {
            MemorySegment address = temporary.allocate(XdpDescriptor.ADDRESS_BYTES, Integer.BYTES);
            address.set(JAVA_SHORT, 0, (short) XdpDescriptor.AF_XDP);
            address.set(JAVA_SHORT, XdpDescriptor.ADDRESS_FLAGS, (short)
                    (XdpDescriptor.XDP_COPY | XdpDescriptor.XDP_USE_NEED_WAKEUP));
            address.set(JAVA_INT, XdpDescriptor.ADDRESS_IFINDEX, index);
            address.set(JAVA_INT, XdpDescriptor.ADDRESS_QUEUE, queue);
            bindWhenReleased(fd, subject, address);
        }
    }

    private static void bindWhenReleased(Fd fd, String subject, MemorySegment address) throws Throwable {
        MemorySegment state = Libc.state();
        long end = System.nanoTime() + RELEASE_NANOS;
        while (true) {
            int result = (int) BIND.invokeExact(state, fd.number(), address, XdpDescriptor.ADDRESS_BYTES);
            try {
                Libc.check(result, state, "bind(AF_XDP)", subject);
                return;
            } catch (LinuxException e) {
                if (e.errno() != Errno.EBUSY || System.nanoTime() - end >= 0) {
                    throw e;
                }
            }
            LockSupport.parkNanos(RELEASE_LOOK_NANOS);
        }
    }

    /**
     * Copies frames that have come into slots of a batch without room for headers. Allocates nothing.
     *
     * @param from the first slot
     * @param most how many frames, at least 1
     * @return how many: fewer than {@code most} if no more are waiting; {@code -EAGAIN} if none is
     */
    public int receive(ReceiveBatch batch, int from, int most) {
        if (bell.isWatching() && sender.taken() - sentWhenArmed > SENT_BEFORE_BELL_RESTS) {
            bell.watch(false);
        }
        int n = receiver.receive(batch, from, most);
        if (n == 0) {
            sender.sendTheRest();
            return -Errno.EAGAIN;
        }
        return n;
    }

    /**
     * Frames the kernel has dropped since this was last asked, because they found no room or were longer than a chunk. For the thread
     * that reads; allocates nothing.
     */
    public int takeKernelDrops() {
        return receiver.takeKernelDrops();
    }

    /**
     * Whether it is bound still: not if the interface was deleted or moved to another namespace, nor when that one, with its old number, is back. Any
     * thread may ask.
     */
    public boolean isBound() {
        return sender.isBound();
    }

    /** Says how long a packet the interface takes now, without Ethernet header; more than {@value #MAX_MTU} is as much. */
    public void setMtu(int mtu) {
        sender.setMtu(mtu);
    }

    /**
     * Sends frames of a batch, in order, until there is no room, or one is too long. Allocates nothing.
     *
     * @param from the first of them
     * @return how many were taken, at least 1, or {@code -errno} of the first: EMSGSIZE if it is too long; EAGAIN if there is no room before the
     *     descriptor is writable; ENOBUFS if there is none before the interface has sent something
     */
    public int send(FrameBatch batch, int from) {
        return sender.send(batch, from);
    }

    /** Frames that were taken, and thrown away by the interface, since this was last asked. Allocates nothing. */
    public int takeRefused() {
        return sender.takeRefused();
    }

    /** The socket: writable while at least half of the transmit ring is free. */
    public int number() {
        return fd.number();
    }

    /** Has {@link #bell} ring from now on. Only a frame that comes, or room, after that is sure to ring. For the thread that reads. */
    public void arm() {
        sentWhenArmed = sender.taken();
        bell.watch(true);
    }

    /**
     * The descriptor that is readable when a frame has come, or {@link #receive} is to be called for some other reason. It rings until much has been sent
     * since {@link #arm}.
     */
    public int bell() {
        return bell.number();
    }

    /** Closes it, and frees its memory: nobody uses it any more. */
    @Override
    public void close() {
        if (fd.isOpen()) {
            bell.close();
            fd.close();
            arena.close();
        }
    }
}
