package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The sending side of an AF_XDP socket: frames are copied in, each into the chunk of its place in the transmit ring, which is used again when both have
 * been given back.
 *
 * <p>The kernel sends nothing by itself; it is told to by a call. What it cannot send then, since the device is busy, the next call sends, and so does
 * whoever polls the descriptor: there is somebody for as long as the socket's bell is waited for.
 *
 * <p>One thread at a time sends; what is for the one that receives, or for any, says so. Nothing here allocates after construction.
 */
final class XdpSender {

    private static final int HEADER_BYTES = 14;
    private static final int TAG_BYTES = 4;

    /** The longest packet, without Ethernet header, for which there is room also if it has two VLAN tags. */
    static final int MAX_MTU = XdpMemory.MAX_FRAME_BYTES - HEADER_BYTES - 2 * TAG_BYTES;

    private static final int CACHE_LINE = 64;
    private static final int MSG_DONTWAIT = 0x40;
    private static final MethodHandle SENDTO =
            Libc.bind("sendto", Libc.longOf(JAVA_INT, JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_INT));

    private final Fd socket;
    private final String subject;
    private final XdpBell bell;
    private final MemorySegment chunks;
    private final int firstChunk;
    private final int sendChunks;
    private final XdpRing transmit;
    private final XdpRing completed;
    private final MemorySegment stateOfReader = Libc.newState();
    private final MemorySegment state = Libc.newState();
    private final boolean[] onItsWay;
    private int transmitNext;
    private int completedNext;
    private final AtomicInteger refused = new AtomicInteger();
    private volatile int longest;

    XdpSender(Fd socket, String subject, XdpMemory memory, XdpBell bell) {
        this.socket = socket;
        this.subject = subject;
        this.bell = bell;
        this.chunks = memory.chunks();
        this.firstChunk = memory.receiveChunks();
        this.sendChunks = memory.sendChunks();
        this.transmit = memory.transmit();
        this.completed = memory.completed();
        this.onItsWay = new boolean[sendChunks];
    }

    /** Says how long a packet the interface takes now, without Ethernet header; more than {@value #MAX_MTU} is as much. Any thread may. */
    void setMtu(int mtu) {
        longest = HEADER_BYTES + Math.min(mtu, MAX_MTU);
    }

    /**
     * Sends frames of a batch, in order, until there is no room, or one is too long.
     *
     * @param from the first of them
     * @return how many were taken, at least 1, or {@code -errno} of the first: EMSGSIZE if it is too long; EAGAIN if there is no room before the
     *     descriptor is writable; ENOBUFS if there is none before the interface has sent something
     */
    int send(FrameBatch batch, int from) {
        if (unsent() > 0) {
            int errno = kick(state);
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
        if (isForNow(kick(state)) && unsent() > 0) {
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
        long at = (long) (firstChunk + slot) * XdpMemory.CHUNK_SIZE + (slot & 3L) * CACHE_LINE;
        batch.copy(frame, chunks, at);
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
            long slot = completed.chunk(completedNext) / XdpMemory.CHUNK_SIZE - firstChunk;
            if (slot < 0 || slot >= sendChunks) {
                throw new IllegalStateException(subject + ": no frame was sent from chunk " + slot);
            }
            onItsWay[(int) slot] = false;
        }
        completed.consume(end);
    }

    /** Whether the socket is bound still: not if its interface has left it. Any thread may ask. */
    boolean isBound() {
        // The family has no getsockname(2).
        return kick(Libc.newState()) != Errno.ENXIO;
    }

    /** For the thread that receives: has sent what the one that sends had to leave. */
    void sendTheRest() {
        if (unsent() == 0 && !bell.ringsForRoom()) {
            return;
        }
        int errno = kick(stateOfReader);
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

    /** Frames taken so far, modulo 2^32. Any thread may ask. */
    int taken() {
        return transmit.produced();
    }

    /** Frames that the kernel has not begun to send. Any thread may ask. */
    private int unsent() {
        return transmit.produced() - transmit.consumed();
    }

    /**
     * Has the kernel send what is in the ring: a bounded number of frames by each call.
     *
     * @param room the calling thread's, for an error number
     * @return 0, or the error number for which it went no further
     */
    private int kick(MemorySegment room) {
        int before = transmit.consumed();
        while (true) {
            int errno = sendto(room);
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

    private int sendto(MemorySegment room) {
        try {
            long result = (long) SENDTO.invokeExact(room, socket.number(), 0L, 0L, MSG_DONTWAIT, 0L, 0);
            return result < 0 ? Libc.errno(room) : 0;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Frames that were taken, and thrown away by the interface, since this was last asked. */
    int takeRefused() {
        return refused.get() == 0 ? 0 : refused.getAndSet(0);
    }
}
