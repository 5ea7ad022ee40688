package io.patchbay.core.frame;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * What is done to the bytes of a frame. Run by testbed/bench/micro.
 *
 * <p>Memory is walked through in turn, frame by frame, as rings are: 32 MiB on either side for the copies, more than the caches hold.
 */
@State(Scope.Thread)
public class FrameBenchmark {

    private static final int FOOTPRINT = 1 << 25;
    private static final int VIRTIO_HEADER = 12;
    private static final int HEADERS = 54;
    private static final int TRANSPORT = 34;

    @Param({"64", "256", "1500", "65000"})
    public int bytes;

    private final MemorySegment from = Arena.global().allocate(FOOTPRINT, 4096);
    private final MemorySegment to = Arena.global().allocate(FOOTPRINT, 4096);
    private final Burst burst = new Burst();
    private final Burst packet = new Burst();
    private final SoftwareOffload software = new SoftwareOffload();
    private final long[] place = new long[1];
    private final int[] pieceBytes = new int[1];
    private int stride;
    private int position;

    @Setup(Level.Trial)
    public void fill() {
        stride = (VIRTIO_HEADER + bytes + 63) / 64 * 64;
        byte[] content = new byte[FOOTPRINT];
        new Random(1).nextBytes(content);
        from.copyFrom(MemorySegment.ofArray(content));
    }

    @Setup(Level.Trial)
    public void makePacket() {
        byte[] frame = new byte[bytes];
        ByteBuffer.wrap(frame)
                .put(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0})
                .put(new byte[] {0x45, 0})
                .putShort((short) (bytes - 14))
                .put(new byte[] {0, 0, 0x40, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2})
                .put(TRANSPORT + 12, (byte) 0x50);
        MemorySegment memory = Arena.global().allocate(bytes, 64);
        memory.copyFrom(MemorySegment.ofArray(frame));
        ValueLayout.OfLong word = ValueLayout.JAVA_LONG_UNALIGNED;
        packet.addSegment(memory, Burst.HEAD_BYTES, bytes - Burst.HEAD_BYTES);
        packet.endFrame(memory.get(word, 0), memory.get(word, Long.BYTES), bytes);
        long offload = bytes > HEADERS + 1448
                ? Offload.of(Offload.FLAG_NEEDS_CSUM, Offload.GSO_TCPV4, 1448, TRANSPORT, 16)
                : Offload.checksum(TRANSPORT, 16);
        if (!OffloadCheck.ofGuest(OffloadSet.ALL).accept(packet, offload)) {
            throw new IllegalStateException("the packet is not one that would be accepted");
        }
    }

    /** Where the next frame begins. */
    private long next() {
        position += stride;
        if (position > FOOTPRINT - stride) {
            position = 0;
        }
        return position + VIRTIO_HEADER;
    }

    /** As a frame is forwarded that lies in one buffer and fits into one. */
    @Benchmark
    public void copyFrame() {
        long at = next();
        burst.clear();
        place[0] = at;
        pieceBytes[0] = bytes;
        burst.addWhole(from, place, pieceBytes, 0, 1, 0);
        burst.copyFrame(0, to, at);
    }

    /** The same bytes by {@link MemorySegment#copy} alone, which is what memcpy is in Java. */
    @Benchmark
    public void copyOnly() {
        long at = next();
        MemorySegment.copy(from, at, to, at, bytes);
    }

    @Benchmark
    public int checksum() {
        return InternetChecksum.finish(InternetChecksum.sum(from, 0, bytes));
    }

    /** A TCP packet of that length, cut for a receiver that cannot take it whole: copied, and every piece summed. */
    @Benchmark
    public int segment() {
        software.start(packet, 0);
        int sum = 0;
        while (software.next()) {
            sum += software.out().length(0);
        }
        return sum;
    }
}
