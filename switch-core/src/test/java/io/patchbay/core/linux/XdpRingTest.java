package io.patchbay.core.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A ring in a file of our own, laid out as no kernel does it. */
class XdpRingTest {

    private static final int SIZE = 4;
    private static final int PRODUCER = 128;
    private static final int CONSUMER = 64;
    private static final int ENTRIES = 320;

    private final Arena arena = Arena.ofAuto();

    private static MemorySegment offsets(Arena arena) {
        MemorySegment offsets = arena.allocate(XdpDescriptor.RING_OFFSETS_BYTES, Long.BYTES);
        offsets.set(ValueLayout.JAVA_LONG, XdpDescriptor.RING_PRODUCER, PRODUCER);
        offsets.set(ValueLayout.JAVA_LONG, XdpDescriptor.RING_CONSUMER, CONSUMER);
        offsets.set(ValueLayout.JAVA_LONG, XdpDescriptor.RING_DESCRIPTORS, ENTRIES);
        return offsets;
    }

    private XdpRing ring(int entryBytes) {
        try (Fd file = SharedMemory.createMemfd("ring", 4096)) {
            return new XdpRing(file, 0, offsets(arena), SIZE, entryBytes, arena);
        }
    }

    @Test
    void fieldsAreWhereTheKernelSays() {
        try (Fd file = SharedMemory.createMemfd("ring", 4096)) {
            XdpRing ring = new XdpRing(file, 0, offsets(arena), SIZE, XdpDescriptor.FRAME_BYTES, arena);
            MemorySegment kernels = SharedMemory.map(file, 0, 4096, arena);

            ring.setFrame(1, 4096 + 256, 60);
            ring.produce(2);
            kernels.set(ValueLayout.JAVA_INT, CONSUMER, 1);

            assertThat(kernels.get(ValueLayout.JAVA_INT, PRODUCER)).isEqualTo(2);
            assertThat(kernels.get(ValueLayout.JAVA_LONG, ENTRIES + 16)).isEqualTo(4096 + 256);
            assertThat(kernels.get(ValueLayout.JAVA_INT, ENTRIES + 24)).isEqualTo(60);
            assertThat(kernels.get(ValueLayout.JAVA_INT, ENTRIES + 28)).isZero();
            assertThat(ring.consumed()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3, Integer.MAX_VALUE - 1, -2})
    void entriesKeepTheirPlacesWhereTheIndexWrapsRound(int start) {
        XdpRing frames = ring(XdpDescriptor.FRAME_BYTES);
        XdpRing chunks = ring(XdpDescriptor.CHUNK_BYTES);
        for (int i = 0; i < SIZE; i++) {
            frames.setFrame(start + i, 1000L + i, 60 + i);
            chunks.setChunk(start + i, 2000L + i);
        }
        frames.produce(start + SIZE);
        chunks.consume(start);
        assertThat(frames.produced() - chunks.consumed()).isEqualTo(SIZE);
        for (int i = 0; i < SIZE; i++) {
            assertThat(frames.frameAddress(start + i)).isEqualTo(1000 + i);
            assertThat(frames.frameLength(start + i)).isEqualTo(60 + i);
            assertThat(chunks.chunk(start + i)).isEqualTo(2000 + i);
        }
    }
}
