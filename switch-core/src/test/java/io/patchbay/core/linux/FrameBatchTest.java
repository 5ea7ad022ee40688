package io.patchbay.core.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FrameBatchTest {

    private final FrameBatch batch = new FrameBatch();

    private static MemorySegment memory(int bytes, int first) {
        MemorySegment memory = Arena.ofAuto().allocate(bytes);
        for (int i = 0; i < bytes; i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) (first + i));
        }
        return memory;
    }

    @Test
    void aFrameIsCopiedPieceByPieceAndNothingBesideIt() {
        batch.add(memory(16, 1), 0, 16);
        batch.end(16);
        batch.add(memory(16, 1), 0, 16);
        batch.add(memory(100, 0), 40, 3);
        batch.add(memory(10, 90), 0, 0);
        batch.add(memory(10, 90), 9, 1);
        batch.end(20);
        MemorySegment target = Arena.ofAuto().allocate(32).fill((byte) 0x55);

        batch.copy(1, target, 4);

        assertThat(target.toArray(ValueLayout.JAVA_BYTE))
                .containsExactly(
                        0x55, 0x55, 0x55, 0x55, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 40, 41, 42, 99,
                        0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55);
    }

    @Test
    void aFrameWithFewerBytesThanItSaysHasNothingOfAnEarlierOne() {
        batch.add(memory(16, 1), 0, 16);
        batch.end(24);
        MemorySegment target = Arena.ofAuto().allocate(24).fill((byte) 0x55);

        batch.copy(0, target, 0);

        assertThat(target.asSlice(16).toArray(ValueLayout.JAVA_BYTE)).containsOnly(0);
    }

    @Test
    void memoryThatWasUnmappedIsNotRead() {
        try (Arena arena = Arena.ofConfined()) {
            batch.add(arena.allocate(16), 0, 16);
            batch.end(16);
        }
        MemorySegment target = Arena.ofAuto().allocate(16);
        assertThatThrownBy(() -> batch.copy(0, target, 0)).isInstanceOf(IllegalStateException.class);
    }

    @ParameterizedTest
    @CsvSource({"81, 00, true", "88, a8, true", "08, 00, false", "81, 01, false", "00, 81, false"})
    void aTagIsSeenWhereTheTypeStands(String high, String low, boolean tagged) {
        MemorySegment memory = memory(40, 0);
        memory.set(ValueLayout.JAVA_BYTE, 20 + 12, (byte) Integer.parseInt(high, 16));
        memory.set(ValueLayout.JAVA_BYTE, 20 + 13, (byte) Integer.parseInt(low, 16));
        batch.add(memory, 20, 16);
        batch.end(16);
        assertThat(batch.isTagged(0)).isEqualTo(tagged);
    }
}
