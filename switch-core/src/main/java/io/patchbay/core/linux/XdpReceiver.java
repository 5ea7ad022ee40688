package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * The receiving side of an AF_XDP socket: frames are copied out at once, and their chunks given back to the kernel.
 *
 * <p>Confined to one thread. Nothing here allocates after construction.
 */
final class XdpReceiver {

    private final Fd socket;
    private final String subject;
    private final MemorySegment chunks;
    private final long chunksEnd;
    private final XdpRing received;
    private final XdpRing fill;
    private final MemorySegment state = Libc.newState();
    private final MemorySegment statistics = Arena.ofAuto().allocate(XdpDescriptor.STATISTICS_BYTES, Long.BYTES);
    private final MemorySegment statisticsLength = Arena.ofAuto().allocate(JAVA_INT);
    private long dropsSeen;
    private int receivedNext;
    private int fillNext;

    /** Gives the kernel all chunks there are for it. */
    XdpReceiver(Fd socket, String subject, XdpMemory memory) {
        this.socket = socket;
        this.subject = subject;
        this.chunks = memory.chunks();
        this.chunksEnd = (long) memory.receiveChunks() * XdpMemory.CHUNK_SIZE;
        this.received = memory.received();
        this.fill = memory.fill();
        for (int i = 0; i < memory.receiveChunks(); i++) {
            fill.setChunk(fillNext++, (long) i * XdpMemory.CHUNK_SIZE);
        }
        fill.produce(fillNext);
    }

    /**
     * Copies frames into slots of a batch.
     *
     * @param from the first slot
     * @param most how many frames
     * @return how many; 0 if none is waiting
     */
    int receive(ReceiveBatch batch, int from, int most) {
        int n = Math.min(most, received.produced() - receivedNext);
        if (n == 0) {
            return 0;
        }
        for (int i = 0; i < n; i++) {
            long at = received.frameAddress(receivedNext + i);
            int length = received.frameLength(receivedNext + i);
            if (at < 0 || length < 0 || length > XdpMemory.CHUNK_SIZE || at + length > chunksEnd) {
                throw new IllegalStateException(subject + ": " + length + " bytes at " + at + " are not in the memory");
            }
            MemorySegment.copy(chunks, at, batch.memory(), batch.frameAt(from + i), length);
            batch.set(from + i, length);
            fill.setChunk(fillNext + i, at & -XdpMemory.CHUNK_SIZE);
        }
        receivedNext += n;
        fillNext += n;
        received.consume(receivedNext);
        fill.produce(fillNext);
        return n;
    }

    /** Frames the kernel has dropped since this was last asked, because they found no room or were longer than a chunk. */
    int takeKernelDrops() {
        statisticsLength.set(JAVA_INT, 0, XdpDescriptor.STATISTICS_BYTES);
        SocketOptions.get(
                state,
                socket,
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
}
