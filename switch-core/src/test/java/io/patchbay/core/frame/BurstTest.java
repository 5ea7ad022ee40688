package io.patchbay.core.frame;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BurstTest {

    private final Burst burst = new Burst();
    private final Random random = new Random(42);

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16, 17, 60, 64, 1514, 9014, 65_549})
    void aFrameIsCopiedByteForByteWhateverItsLength(int length) {
        byte[] frame = TestFrames.frame(0x0200_0000_0001L, 0x0200_0000_0002L, length, random);
        TestFrames.add(burst, frame, random);
        MemorySegment copy = Arena.ofAuto().allocate(length);
        burst.copyFrame(0, copy, 0);
        assertThat(copy.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(frame);
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 17, 60, 64, 1514, 65_549})
    void aFrameInOnePieceIsCopiedAsItWasWhenItsHeadWasRead(int length) {
        byte[] frame = TestFrames.frame(0x0200_0000_0001L, 0x0200_0000_0002L, length, random);
        MemorySegment sender = Arena.ofAuto().allocate(length + 12L);
        MemorySegment.copy(frame, 0, sender, ValueLayout.JAVA_BYTE, 12, length);
        burst.addWhole(sender, new long[] {0}, new int[] {length + 12}, 0, 1, 12);
        sender.asSlice(12, Burst.HEAD_BYTES).fill((byte) 0xff);
        MemorySegment copy = Arena.ofAuto().allocate(length);
        burst.copyFrame(0, copy, 0);
        assertThat(copy.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(frame);
    }

    @Test
    void framesInOnePieceAndInSeveralMayAlternate() {
        byte[] first = TestFrames.frame(1, 2, 100, random);
        byte[] second = TestFrames.frame(3, 4, 200, random);
        byte[] third = TestFrames.frame(5, 6, 300, random);
        addWhole(first);
        TestFrames.add(burst, second, random);
        addWhole(third);
        assertThat(burst.source(0)).isEqualTo(2);
        assertThat(burst.source(1)).isEqualTo(4);
        assertThat(copies(2, 0, 1)).containsExactly(third, first, second);
    }

    @Test
    void framesOfSeveralMemoriesAreCopiedFromWhereTheyAre() {
        byte[] first = TestFrames.frame(1, 2, 100, random);
        byte[] second = TestFrames.frame(3, 4, 200, random);
        addWhole(first);
        addWhole(second);
        assertThat(copies(0, 1)).containsExactly(first, second);
    }

    @Test
    void framesOfOneMemoryAreCopiedTogetherAsTheyWereWhenTheirHeadsWereRead() {
        byte[] first = TestFrames.frame(1, 2, 100, random);
        byte[] second = TestFrames.frame(3, 4, 64, random);
        MemorySegment sender = Arena.ofAuto().allocate(400);
        MemorySegment.copy(first, 0, sender, ValueLayout.JAVA_BYTE, 10, 100);
        MemorySegment.copy(second, 0, sender, ValueLayout.JAVA_BYTE, 310, 64);
        burst.addWhole(sender, new long[] {-1, 0, 300}, new int[] {-1, 110, 74}, 1, 2, 10);
        sender.asSlice(310, Burst.HEAD_BYTES).fill((byte) 0xff);
        assertThat(burst.bytes()).isEqualTo(164);
        assertThat(copies(0, 1)).containsExactly(first, second);
        assertThat(copies(1)).containsExactly(second);
    }

    @Test
    void framesOfAnyShortLengthAreCopiedTogetherAndNothingBesideThemIsWritten() {
        for (int length = Burst.HEAD_BYTES; length <= 200; length++) {
            byte[] frame = TestFrames.frame(1, 2, length, random);
            MemorySegment sender = Arena.ofAuto().allocate(length);
            sender.copyFrom(MemorySegment.ofArray(frame));
            burst.clear();
            burst.addWhole(sender, new long[] {0}, new int[] {length}, 0, 1, 0);
            sender.asSlice(0, Burst.HEAD_BYTES).fill((byte) 0xff);
            MemorySegment to = Arena.ofAuto().allocate(length + 2L).fill((byte) 0x55);
            burst.copyFrames(new int[] {0}, 1, to, new long[] {0}, 1);
            assertThat(to.asSlice(1, length).toArray(ValueLayout.JAVA_BYTE))
                    .as("%d bytes", length)
                    .isEqualTo(frame);
            assertThat(to.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 0x55);
            assertThat(to.get(ValueLayout.JAVA_BYTE, length + 1L)).isEqualTo((byte) 0x55);
        }
    }

    @Test
    void theTailOfAFrameInOnePieceIsTheSameWhateverIsAddedAfterwards() {
        byte[] frame = TestFrames.frame(1, 2, 100, random);
        addWhole(frame);
        byte[] alone = tail(0);
        TestFrames.add(burst, TestFrames.frame(3, 4, 200, random), random);
        assertThat(alone).isEqualTo(Arrays.copyOfRange(frame, Burst.HEAD_BYTES, 100));
        assertThat(tail(0)).isEqualTo(alone);
    }

    @Test
    void framesInOnePieceGoOnAfterAChainThatWasTakenBack() {
        byte[] first = TestFrames.frame(1, 2, 100, random);
        byte[] second = TestFrames.frame(3, 4, 200, random);
        addWhole(first);
        burst.addSegment(Arena.ofAuto().allocate(16), 0, 16);
        burst.dropFrame();
        addWhole(second);
        assertThat(copies(0, 1)).containsExactly(first, second);
        assertThat(tail(1)).isEqualTo(Arrays.copyOfRange(second, Burst.HEAD_BYTES, 200));
    }

    @Test
    void aFrameInOnePieceThatIsTakenBackLeavesTheOneBefore() {
        byte[] first = TestFrames.frame(1, 2, 100, random);
        addWhole(first);
        addWhole(TestFrames.frame(3, 4, 200, random));
        burst.dropLast();
        assertThat(burst.bytes()).isEqualTo(100);
        assertThat(copies(0)).containsExactly(first);
    }

    @Test
    void whatIsFetchedLiesWithinTheFrames() {
        for (int length = Burst.HEAD_BYTES; length <= 200; length++) {
            burst.clear();
            addWhole(TestFrames.frame(1, 2, length, random));
            assertThatCode(burst::fetch).as("%d bytes", length).doesNotThrowAnyException();
        }
    }

    /** What stands in the segments of a frame. */
    private byte[] tail(int frame) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (int s = burst.firstSegment(frame); s < burst.endSegment(frame); s++) {
            bytes.writeBytes(burst.segmentBase(s)
                    .asSlice(burst.segmentOffset(s), burst.segmentLength(s))
                    .toArray(ValueLayout.JAVA_BYTE));
        }
        return bytes.toByteArray();
    }

    private void addWhole(byte[] frame) {
        MemorySegment memory = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, frame);
        burst.addWhole(memory, new long[] {0}, new int[] {frame.length}, 0, 1, 0);
    }

    /** Frames of the burst, copied together to places of one memory. */
    private List<byte[]> copies(int... frames) {
        int room = 512;
        MemorySegment to = Arena.ofAuto().allocate((long) frames.length * room);
        long[] at = IntStream.range(0, frames.length)
                .mapToLong(i -> (long) i * room)
                .toArray();
        burst.copyFrames(frames, frames.length, to, at, 7);
        return IntStream.range(0, frames.length)
                .mapToObj(i -> to.asSlice(at[i] + 7, burst.length(frames[i])).toArray(ValueLayout.JAVA_BYTE))
                .toList();
    }

    @Test
    void aReaderGivesTheSameBytesInPiecesOfAnySize() {
        for (long seed = 0; seed < 200; seed++) {
            Random pieces = new Random(seed);
            byte[] frame = TestFrames.frame(1, 2, 14 + pieces.nextInt(300), pieces);
            burst.clear();
            TestFrames.add(burst, frame, pieces);
            MemorySegment copy = Arena.ofAuto().allocate(frame.length);
            FrameReader reader = new FrameReader();
            reader.start(burst, 0);
            for (int at = 0; reader.remaining() > 0; ) {
                int n = Math.min(reader.remaining(), 1 + pieces.nextInt(40));
                reader.copy(copy, at, n);
                at += n;
            }
            assertThat(copy.toArray(ValueLayout.JAVA_BYTE)).as("seed %d", seed).isEqualTo(frame);
        }
    }

    @Test
    void addressesAndTypeAreReadFromTheHead() {
        byte[] frame = TestFrames.frame(0x0102_0304_0506L, 0xfe0c_0b0a_0908L, 60, random);
        frame[12] = (byte) 0x86;
        frame[13] = (byte) 0xdd;
        TestFrames.add(burst, frame, random);
        assertThat(burst.destination(0)).isEqualTo(0x0102_0304_0506L);
        assertThat(burst.source(0)).isEqualTo(0xfe0c_0b0a_0908L);
        assertThat(burst.etherType(0)).isEqualTo(0x86dd);
    }

    @Test
    void whatTheSenderChangesInItsHeadAfterwardsIsNotSent() {
        byte[] frame = TestFrames.frame(1, 2, 64, random);
        MemorySegment memory = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, frame);
        burst.addSegment(memory, 16, 48);
        burst.endFrame(memory.get(Burst.WORD, 0), memory.get(Burst.WORD, 8), 64);
        memory.asSlice(0, 16).fill((byte) 0xee);
        MemorySegment copy = Arena.ofAuto().allocate(64);
        burst.copyFrame(0, copy, 0);
        assertThat(copy.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(frame);
    }

    @Test
    void aFrameOfTooManyPiecesIsRefusedAndItsPiecesAreTakenBack() {
        MemorySegment memory = Arena.ofAuto().allocate(16);
        int added = 0;
        while (burst.addSegment(memory, 0, 1)) {
            added++;
        }
        burst.dropFrame();
        TestFrames.add(burst, TestFrames.frame(1, 2, 60, random), random);
        assertThat(added).isEqualTo(Burst.MAX_FRAME_SEGMENTS);
        assertThat(burst.firstSegment(0)).isZero();
    }

    @Test
    void whatWasSentOfAFrameIsForgottenWithIt() {
        for (int sentBefore : new int[] {3, 0}) {
            burst.clear();
            TestFrames.add(burst, TestFrames.frame(1, 2, 60, random), random);
            assertThat(OffloadCheck.ofGuest(OffloadSet.CSUM).accept(burst, Offload.checksum(34, 16)))
                    .isTrue();
            assertThat(burst.offloads().piecesSent(0)).isZero();
            burst.offloads().setPiecesSent(0, sentBefore);
        }
    }
}
