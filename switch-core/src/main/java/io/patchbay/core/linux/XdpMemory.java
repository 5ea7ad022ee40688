package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * What an AF_XDP socket shares with the kernel: memory of its own for frames, in chunks, and the four rings by which these pass to and fro.
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
 * <p>A ring has a place for every chunk of its direction, so it never overflows.
 */
final class XdpMemory {

    /** Of every chunk. */
    static final int CHUNK_SIZE = 4096;

    /** The longest frame there is room for, in either direction. */
    static final int MAX_FRAME_BYTES = CHUNK_SIZE - XdpDescriptor.XDP_PACKET_HEADROOM;

    /** Fewest and most chunks of a direction. */
    private static final int MIN_CHUNKS = FrameBatch.CAPACITY;

    private static final int MAX_CHUNKS = 1 << 15;

    /** What the kernel accounts at most for a frame on its way, about half of it for the frame itself. */
    private static final int SEND_BUFFER_PER_CHUNK = 4 * CHUNK_SIZE;

    private final Fd socket;
    private final String subject;
    private final Arena arena;
    private final int receiveChunks;
    private final int sendChunks;
    private final MemorySegment chunks;
    private final XdpRing received;
    private final XdpRing fill;
    private final XdpRing transmit;
    private final XdpRing completed;

    /**
     * Gives a socket that is not bound yet its memory.
     *
     * @param subject the socket, as messages name it
     * @param receiveBytes for frames that wait to be read, made a power of two of chunks
     * @param sendBytes for frames that wait to be sent, likewise
     * @param arena to which everything is mapped; the socket must be closed first
     */
    XdpMemory(Fd socket, String subject, int receiveBytes, int sendBytes, Arena arena) {
        this.socket = socket;
        this.subject = subject;
        this.arena = arena;
        this.receiveChunks = chunks(receiveBytes);
        this.sendChunks = chunks(sendBytes);
        long bytes = (long) (receiveChunks + sendChunks) * CHUNK_SIZE;
        try (Fd file = SharedMemory.createMemfd("patchbay-xdp", bytes)) {
            chunks = SharedMemory.map(file, 0, bytes, arena);
        }
        try (Arena temporary = Arena.ofConfined()) {
            register(temporary);
            makeRings(temporary);
            setSendBuffer(temporary);
            MemorySegment offsets = offsets(temporary);
            int frame = XdpDescriptor.FRAME_BYTES;
            int chunk = XdpDescriptor.CHUNK_BYTES;
            received = ring(XdpDescriptor.PAGE_OFFSET_RX, offsets, XdpDescriptor.OFFSETS_RX, receiveChunks, frame);
            transmit = ring(XdpDescriptor.PAGE_OFFSET_TX, offsets, XdpDescriptor.OFFSETS_TX, sendChunks, frame);
            fill = ring(XdpDescriptor.PAGE_OFFSET_FILL, offsets, XdpDescriptor.OFFSETS_FILL, receiveChunks, chunk);
            completed = ring(
                    XdpDescriptor.PAGE_OFFSET_COMPLETION, offsets, XdpDescriptor.OFFSETS_COMPLETION, sendChunks, chunk);
        }
    }

    private static int chunks(int bytes) {
        return Math.clamp(Integer.highestOneBit(Math.max(1, bytes / CHUNK_SIZE)), MIN_CHUNKS, MAX_CHUNKS);
    }

    private void register(Arena temporary) {
        MemorySegment registration = temporary.allocate(XdpDescriptor.UMEM_BYTES, Long.BYTES);
        registration.set(JAVA_LONG, XdpDescriptor.UMEM_ADDRESS, chunks.address());
        registration.set(JAVA_LONG, XdpDescriptor.UMEM_LENGTH, chunks.byteSize());
        registration.set(JAVA_INT, XdpDescriptor.UMEM_CHUNK_SIZE, CHUNK_SIZE);
        set(XdpDescriptor.SOL_XDP, XdpDescriptor.XDP_UMEM_REG, registration, "XDP_UMEM_REG");
    }

    private void makeRings(Arena temporary) {
        makeRing(temporary, XdpDescriptor.XDP_UMEM_FILL_RING, receiveChunks, "XDP_UMEM_FILL_RING");
        makeRing(temporary, XdpDescriptor.XDP_UMEM_COMPLETION_RING, sendChunks, "XDP_UMEM_COMPLETION_RING");
        makeRing(temporary, XdpDescriptor.XDP_RX_RING, receiveChunks, "XDP_RX_RING");
        makeRing(temporary, XdpDescriptor.XDP_TX_RING, sendChunks, "XDP_TX_RING");
    }

    private void makeRing(Arena temporary, int option, int entries, String name) {
        set(XdpDescriptor.SOL_XDP, option, temporary.allocateFrom(JAVA_INT, entries), name);
    }

    /** How many frames are on their way shall be limited by the ring alone. */
    private void setSendBuffer(Arena temporary) {
        long bytes = Math.min(Integer.MAX_VALUE / 2, (long) sendChunks * SEND_BUFFER_PER_CHUNK / 2);
        set(
                SocketOptions.SOL_SOCKET,
                SocketOptions.SO_SNDBUFFORCE,
                temporary.allocateFrom(JAVA_INT, (int) bytes),
                "SO_SNDBUFFORCE");
    }

    private void set(int level, int option, MemorySegment value, String name) {
        SocketOptions.set(socket, level, option, value, name, subject);
    }

    private MemorySegment offsets(Arena temporary) {
        MemorySegment offsets = temporary.allocate(XdpDescriptor.OFFSETS_BYTES, Long.BYTES);
        MemorySegment length = temporary.allocateFrom(JAVA_INT, XdpDescriptor.OFFSETS_BYTES);
        SocketOptions.get(
                Libc.state(),
                socket,
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
                socket, pageOffset, offsets.asSlice(at, XdpDescriptor.RING_OFFSETS_BYTES), size, entryBytes, arena);
    }

    /** All chunks: those frames are received into, and behind them those that frames are sent from. */
    MemorySegment chunks() {
        return chunks;
    }

    /** How many frames can be received without being read: a power of two. */
    int receiveChunks() {
        return receiveChunks;
    }

    /** How many frames can be on their way: a power of two. */
    int sendChunks() {
        return sendChunks;
    }

    /** Frames that have come. */
    XdpRing received() {
        return received;
    }

    /** Chunks that frames may be received into. */
    XdpRing fill() {
        return fill;
    }

    /** Frames to be sent. */
    XdpRing transmit() {
        return transmit;
    }

    /** Chunks whose frames have been sent. */
    XdpRing completed() {
        return completed;
    }
}
