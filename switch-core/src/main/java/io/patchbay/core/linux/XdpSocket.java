package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * An AF_XDP socket in copy mode on one queue of an interface, with memory of its own for frames (Documentation/networking/af_xdp.rst).
 *
 * <pre>
 *   receive chunks                    send chunks
 *  +-----------+-- - - --+-----------+-----------+-- - - --+
 *  | 256 free, |         |           | frame     |         |   the umem
 *  | frame     |         |           |           |         |
 *  +-----------+-- - - --+-----------+-----------+-- - - --+
 *    fill ring → kernel → receive ring → us → fill ring
 *                                      us → transmit ring → kernel → completion ring → us
 * </pre>
 *
 * <p>Frames received are copied out at once and their chunks given back. Frames to be sent are copied in, so what a guest takes away or changes
 * afterwards does not matter: each into the chunk of its place in the transmit ring, which is used again when both have been given back. The kernel
 * sends nothing by itself; it is told to by a call. What it cannot send then, since the device is busy, the next call sends, and so does whoever polls
 * the descriptor: there is somebody for as long as {@link #bell} is waited for.
 *
 * <p>Read by one thread and written by one thread at a time. Nothing here allocates after construction.
 */
public final class XdpSocket implements AutoCloseable {

    /** Of every chunk. */
    private static final int CHUNK_SIZE = 4096;

    /** The longest frame there is room for, in either direction. */
    private static final int MAX_FRAME_BYTES = CHUNK_SIZE - XdpDescriptor.XDP_PACKET_HEADROOM;

    private static final int HEADER_BYTES = 14;
    private static final int TAG_BYTES = 4;

    /** The longest packet, without Ethernet header, for which there is room also if it has two VLAN tags. */
    public static final int MAX_MTU = MAX_FRAME_BYTES - HEADER_BYTES - 2 * TAG_BYTES;

    private static final int CACHE_LINE = 64;

    /** Fewest and most chunks of a direction. */
    private static final int MIN_CHUNKS = FrameBatch.CAPACITY;

    private static final int MAX_CHUNKS = 1 << 15;

    /** What the kernel accounts at most for a frame on its way, about half of it for the frame itself. */
    private static final int SEND_BUFFER_PER_CHUNK = 4 * CHUNK_SIZE;

    /** More than one sends between two sleeps while there is little to do: then to stop watching, and to begin again, would cost more than it saves. */
    private static final int SENT_BEFORE_BELL_RESTS = 256;

    private static final int SOCK_RAW = 3;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_SNDBUFFORCE = 32;
    private static final int MSG_DONTWAIT = 0x40;

    /** The kernel gives up a queue a moment after the socket that had it was closed, by a thread of its own: so long we wait for it. */
    private static final long RELEASE_NANOS = 500_000_000;

    private static final long RELEASE_LOOK_NANOS = 5_000_000;

    private static final MethodHandle SOCKET = Libc.bind("socket", Libc.intOf(JAVA_INT, JAVA_INT, JAVA_INT));
    private static final MethodHandle BIND = Libc.bind("bind", Libc.intOf(JAVA_INT, ADDRESS, JAVA_INT));
    private static final MethodHandle SENDTO =
            Libc.bind("sendto", Libc.longOf(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));

    private final Fd fd;
    private final String subject;
    private final Arena arena;
    private final MemorySegment umem;
    private final long umemAddress;
    private final int receiveChunks;
    private final int sendChunks;
    private final XdpRing received;
    private final XdpRing fill;
    private final XdpRing transmit;
    private final XdpRing completed;

    // Of the thread that reads.
    private final MemorySegment readState = Libc.newState();
    private final MemorySegment statistics = Arena.ofAuto().allocate(XdpDescriptor.STATISTICS_BYTES, Long.BYTES);
    private final MemorySegment statisticsLength = Arena.ofAuto().allocate(JAVA_INT);
    private long dropsSeen;
    private int receivedNext;
    private int fillNext;
    private int sentWhenArmed;

    // Of the thread that writes.
    private final MemorySegment writeState = Libc.newState();
    private final boolean[] onItsWay;
    private int transmitNext;
    private int completedNext;

    private final XdpBell bell;
    private final AtomicInteger refused = new AtomicInteger();
    private volatile int longest;

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
        try (Arena temporary = Arena.ofConfined()) {
            int number = (int) SOCKET.invokeExact(state, XdpDescriptor.AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
            Fd fd = Fd.adopt(Libc.check(number, state, "socket(AF_XDP, SOCK_RAW)", "for " + interfaceName));
            try {
                XdpSocket socket = new XdpSocket(fd, subject, arena, chunks(receiveBytes), chunks(sendBytes));
                socket.bind(temporary, index, queue);
                return socket;
            } catch (RuntimeException e) {
                fd.close();
                throw e;
            }
        } catch (Throwable t) {
            arena.close();
            throw Libc.impossible(t);
        }
    }

    private static int chunks(int bytes) {
        return Math.clamp(Integer.highestOneBit(Math.max(1, bytes / CHUNK_SIZE)), MIN_CHUNKS, MAX_CHUNKS);
    }

    private XdpSocket(Fd fd, String subject, Arena arena, int receiveChunks, int sendChunks) {
        this.fd = fd;
        this.subject = subject;
        this.arena = arena;
        this.receiveChunks = receiveChunks;
        this.sendChunks = sendChunks;
        long bytes = (long) (receiveChunks + sendChunks) * CHUNK_SIZE;
        try (Fd file = SharedMemory.createMemfd("patchbay-xdp", bytes)) {
            umem = SharedMemory.map(file, 0, bytes, arena);
        }
        umemAddress = umem.address();
        try (Arena temporary = Arena.ofConfined()) {
            register(temporary, bytes);
            setRing(temporary, XdpDescriptor.XDP_UMEM_FILL_RING, receiveChunks, "XDP_UMEM_FILL_RING");
            setRing(temporary, XdpDescriptor.XDP_UMEM_COMPLETION_RING, sendChunks, "XDP_UMEM_COMPLETION_RING");
            setRing(temporary, XdpDescriptor.XDP_RX_RING, receiveChunks, "XDP_RX_RING");
            setRing(temporary, XdpDescriptor.XDP_TX_RING, sendChunks, "XDP_TX_RING");
            MemorySegment room = temporary.allocateFrom(
                    JAVA_INT, (int) Math.min(Integer.MAX_VALUE / 2, (long) sendChunks * SEND_BUFFER_PER_CHUNK / 2));
            set(SOL_SOCKET, SO_SNDBUFFORCE, room, "SO_SNDBUFFORCE");
            MemorySegment offsets = offsets(temporary);
            received = ring(
                    XdpDescriptor.PAGE_OFFSET_RX,
                    offsets,
                    XdpDescriptor.OFFSETS_RX,
                    receiveChunks,
                    XdpDescriptor.FRAME_BYTES);
            transmit = ring(
                    XdpDescriptor.PAGE_OFFSET_TX,
                    offsets,
                    XdpDescriptor.OFFSETS_TX,
                    sendChunks,
                    XdpDescriptor.FRAME_BYTES);
            fill = ring(
                    XdpDescriptor.PAGE_OFFSET_FILL,
                    offsets,
                    XdpDescriptor.OFFSETS_FILL,
                    receiveChunks,
                    XdpDescriptor.CHUNK_BYTES);
            completed = ring(
                    XdpDescriptor.PAGE_OFFSET_COMPLETION,
                    offsets,
                    XdpDescriptor.OFFSETS_COMPLETION,
                    sendChunks,
                    XdpDescriptor.CHUNK_BYTES);
        }
        for (int i = 0; i < receiveChunks; i++) {
            fill.setChunk(fillNext++, (long) i * CHUNK_SIZE);
        }
        fill.produce(fillNext);
        onItsWay = new boolean[sendChunks];
        bell = new XdpBell(fd.number());
    }

    private void register(Arena temporary, long bytes) {
        MemorySegment registration = temporary.allocate(XdpDescriptor.UMEM_BYTES, Long.BYTES);
        registration.set(JAVA_LONG, XdpDescriptor.UMEM_ADDRESS, umemAddress);
        registration.set(JAVA_LONG, XdpDescriptor.UMEM_LENGTH, bytes);
        registration.set(JAVA_INT, XdpDescriptor.UMEM_CHUNK_SIZE, CHUNK_SIZE);
        set(XdpDescriptor.SOL_XDP, XdpDescriptor.XDP_UMEM_REG, registration, "XDP_UMEM_REG");
    }

    private void setRing(Arena temporary, int option, int entries, String name) {
        set(XdpDescriptor.SOL_XDP, option, temporary.allocateFrom(JAVA_INT, entries), name);
    }

    private MemorySegment offsets(Arena temporary) {
        MemorySegment offsets = temporary.allocate(XdpDescriptor.OFFSETS_BYTES, Long.BYTES);
        MemorySegment length = temporary.allocateFrom(JAVA_INT, XdpDescriptor.OFFSETS_BYTES);
        SocketOptions.get(
                Libc.state(),
                fd,
                XdpDescriptor.SOL_XDP,
                XdpDescriptor.XDP_MMAP_OFFSETS,
                offsets,
                length,
                "getsockopt(XDP_MMAP_OFFSETS)",
                subject);
        if (length.get(JAVA_INT, 0) != XdpDescriptor.OFFSETS_BYTES) {
            // Before Linux 5.4 there were fewer.
            throw new LinuxException("getsockopt(XDP_MMAP_OFFSETS)", subject, Errno.EOPNOTSUPP);
        }
        return offsets;
    }

    private XdpRing ring(long pageOffset, MemorySegment offsets, int at, int size, int entryBytes) {
        return new XdpRing(
                fd, pageOffset, offsets.asSlice(at, XdpDescriptor.RING_OFFSETS_BYTES), size, entryBytes, arena);
    }

    private void bind(Arena temporary, int index, int queue) throws Throwable {
        MemorySegment address = temporary.allocate(XdpDescriptor.ADDRESS_BYTES, Integer.BYTES);
        address.set(JAVA_SHORT, 0, (short) XdpDescriptor.AF_XDP);
        address.set(JAVA_SHORT, XdpDescriptor.ADDRESS_FLAGS, (short)
                (XdpDescriptor.XDP_COPY | XdpDescriptor.XDP_USE_NEED_WAKEUP));
        address.set(JAVA_INT, XdpDescriptor.ADDRESS_IFINDEX, index);
        address.set(JAVA_INT, XdpDescriptor.ADDRESS_QUEUE, queue);
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

    private void set(int level, int option, MemorySegment value, String name) {
        SocketOptions.set(fd, level, option, value, name, subject);
    }

    /**
     * Copies frames that have come into slots of a batch without room for headers. Allocates nothing.
     *
     * @param from the first slot
     * @param most how many frames, at least 1
     * @return how many: fewer than {@code most} if no more are waiting; {@code -EAGAIN} if none is
     */
    public int receive(ReceiveBatch batch, int from, int most) {
        int n = Math.min(most, received.produced() - receivedNext);
        if (bell.isWatching() && transmit.produced() - sentWhenArmed > SENT_BEFORE_BELL_RESTS) {
            bell.watch(false);
        }
        if (n == 0) {
            sendTheRest();
            return -Errno.EAGAIN;
        }
        for (int i = 0; i < n; i++) {
            long at = received.frameAddress(receivedNext + i);
            int length = received.frameLength(receivedNext + i);
            if (at < 0 || length < 0 || length > CHUNK_SIZE || at + length > (long) receiveChunks * CHUNK_SIZE) {
                throw new IllegalStateException(subject + ": " + length + " bytes at " + at + " are not in the memory");
            }
            MemorySegment.copy(umem, at, batch.memory(), batch.frameAt(from + i), length);
            batch.set(from + i, length);
            fill.setChunk(fillNext + i, at & -CHUNK_SIZE);
        }
        receivedNext += n;
        fillNext += n;
        received.consume(receivedNext);
        fill.produce(fillNext);
        return n;
    }

    /**
     * Frames the kernel has dropped since this was last asked, because they found no room or were longer than a chunk. For the thread
     * that reads; allocates nothing.
     */
    public int takeKernelDrops() {
        statisticsLength.set(JAVA_INT, 0, XdpDescriptor.STATISTICS_BYTES);
        SocketOptions.get(
                readState,
                fd,
                XdpDescriptor.SOL_XDP,
                XdpDescriptor.XDP_STATISTICS,
                statistics,
                statisticsLength,
                "getsockopt(XDP_STATISTICS)",
                subject);
        // A frame for which the fill ring had no chunk is among the first.
        long drops = statistics.get(JAVA_LONG, XdpDescriptor.STATISTICS_RX_DROPPED)
                + statistics.get(JAVA_LONG, XdpDescriptor.STATISTICS_RX_RING_FULL);
        int more = (int) (drops - dropsSeen);
        dropsSeen = drops;
        return more;
    }

    /** Says how long a packet the interface takes now, without Ethernet header; more than {@value #MAX_MTU} is as much. */
    public void setMtu(int mtu) {
        longest = HEADER_BYTES + Math.min(mtu, MAX_MTU);
    }

    /**
     * Sends frames of a batch, in order, until there is no room, or one is too long. Allocates nothing.
     *
     * @param from the first of them
     * @return how many were taken, at least 1, or {@code -errno} of the first: EMSGSIZE if it is too long; EAGAIN if there is no room before the
     *     descriptor is writable; ENOBUFS if there is none before the interface has sent something
     */
    public int send(FrameBatch batch, int from) {
        if (unsent() > 0) {
            int errno = kick(writeState);
            if (errno != 0 && !isForNow(errno)) {
                return -errno;
            }
        }
        reap();
        int most = Math.min(batch.frames() - from, sendChunks - unsent());
        int n = 0;
        while (n < most && !onItsWay[(transmitNext + n) & (sendChunks - 1)]) {
            if (!put(batch, from + n, transmitNext + n)) {
                if (n == 0) {
                    return -Errno.EMSGSIZE;
                }
                break;
            }
            n++;
        }
        if (n == 0) {
            return unsent() > sendChunks / 2 ? -Errno.EAGAIN : -Errno.ENOBUFS;
        }
        for (int i = 0; i < n; i++) {
            onItsWay[(transmitNext + i) & (sendChunks - 1)] = true;
        }
        transmitNext += n;
        transmit.produce(transmitNext);
        if (isForNow(kick(writeState)) && unsent() > 0) {
            bell.ringForRoom(true);
        }
        return n;
    }

    /** Puts a frame into a place of the ring, which is not handed over by that; false if it is too long. */
    private boolean put(FrameBatch batch, int frame, int index) {
        int length = batch.length(frame);
        if (length > longest && (length > longest + TAG_BYTES || !batch.isTagged(frame))) {
            return false;
        }
        int slot = index & (sendChunks - 1);
        // Not all at the same place of a page, or they would fight for the same few places of a cache.
        long at = (long) (receiveChunks + slot) * CHUNK_SIZE + (slot & 3L) * CACHE_LINE;
        batch.copy(frame, umem, at);
        transmit.setFrame(index, at, length);
        return true;
    }

    /** Takes back chunks whose frames have been sent. */
    private void reap() {
        int end = completed.produced();
        if (end == completedNext) {
            return;
        }
        for (; completedNext != end; completedNext++) {
            long slot = completed.chunk(completedNext) / CHUNK_SIZE - receiveChunks;
            if (slot < 0 || slot >= sendChunks) {
                throw new IllegalStateException(subject + ": no frame was sent from chunk " + slot);
            }
            onItsWay[(int) slot] = false;
        }
        completed.consume(end);
    }

    /** For the thread that reads: has sent what the thread that writes had to leave. */
    private void sendTheRest() {
        if (unsent() == 0 && !bell.ringsForRoom()) {
            return;
        }
        int errno = kick(readState);
        synchronized (bell) {
            // Whoever leaves something from now on waits here, and says so afterwards.
            if (unsent() == 0 || !isForNow(errno)) {
                bell.ringForRoom(false);
            }
        }
    }

    /** Whether it is worth trying again before something else has happened. */
    private static boolean isForNow(int errno) {
        return errno == Errno.EAGAIN || errno == Errno.ENOBUFS;
    }

    /** Frames that the kernel has not begun to send. Any thread may ask. */
    private int unsent() {
        return transmit.produced() - transmit.consumed();
    }

    /**
     * Has the kernel send what is in the ring: a bounded number of frames by each call.
     *
     * @return 0, or the error number for which it went no further
     */
    private int kick(MemorySegment state) {
        int before = transmit.consumed();
        while (true) {
            int errno = sendto(state);
            if (errno == Errno.EBUSY) {
                refused.incrementAndGet();
            } else if (errno != Errno.EAGAIN) {
                return errno;
            }
            int now = transmit.consumed();
            if (now == before) {
                return errno;
            }
            before = now;
        }
    }

    private int sendto(MemorySegment state) {
        try {
            long result = (long) SENDTO.invokeExact(state, fd.number(), 0L, 0L, MSG_DONTWAIT, 0L, 0);
            return result < 0 ? Libc.errno(state) : 0;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Frames that were taken, and thrown away by the interface, since this was last asked. Allocates nothing. */
    public int takeRefused() {
        return refused.get() == 0 ? 0 : refused.getAndSet(0);
    }

    /** The socket: writable while at least half of the transmit ring is free. */
    public int number() {
        return fd.number();
    }

    /** Has {@link #bell} ring from now on. Only a frame that comes, or room, after that is sure to ring. For the thread that reads. */
    public void arm() {
        sentWhenArmed = transmit.produced();
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
