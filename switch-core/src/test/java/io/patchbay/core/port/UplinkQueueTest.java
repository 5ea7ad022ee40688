package io.patchbay.core.port;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.ReceiveBatch;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UplinkQueueTest {

    /** One thing a source can say when it is read. */
    private record Reading(byte[] bytes, int tag, int errno) {}

    /** Gives what it was told to give, as the kernel would: several frames at once, up to a failure. */
    private static final class FakeSource implements FrameSource {

        private final Deque<Reading> waiting = new ArrayDeque<>();
        private final EventFd bell = EventFd.create();
        private final ReceiveBatch batch;
        private int lost;
        private int reads;

        FakeSource(int headerBytes) {
            batch = new ReceiveBatch(headerBytes);
        }

        @Override
        public ReceiveBatch batch() {
            return batch;
        }

        void frame(byte[] frame) {
            waiting.add(new Reading(frame, ReceiveBatch.NO_TAG, 0));
        }

        void frame(byte[] frame, int outOfBandTag) {
            waiting.add(new Reading(frame, outOfBandTag, 0));
        }

        void failure(int errno) {
            waiting.add(new Reading(new byte[0], ReceiveBatch.NO_TAG, errno));
        }

        @Override
        public int read(int from, int most) {
            reads++;
            int n = 0;
            while (n < most && !waiting.isEmpty()) {
                Reading next = waiting.remove();
                if (next.errno() == 0) {
                    MemorySegment.copy(
                            next.bytes(),
                            0,
                            batch.memory(),
                            ValueLayout.JAVA_BYTE,
                            batch.readAt(from + n),
                            next.bytes().length);
                    batch.set(from + n, next.bytes().length, next.tag());
                } else if (next.errno() == Errno.EMSGSIZE || next.errno() == Errno.EAGAIN) {
                    batch.set(from + n, -next.errno());
                } else if (n == 0) {
                    return -next.errno();
                } else {
                    waiting.addFirst(next);
                    return n;
                }
                n++;
            }
            return n > 0 ? n : -Errno.EAGAIN;
        }

        @Override
        public int lost() {
            int n = lost;
            lost = 0;
            return n;
        }

        @Override
        public int descriptor() {
            return bell.number();
        }
    }

    private final FakeSource source = new FakeSource(0);
    private final QueueCounters counters = new QueueCounters();
    private final UplinkQueue queue = new UplinkQueue(source, counters);
    private final Burst burst = new Burst();

    private static byte[] frame(int length, long seed) {
        byte[] frame = new byte[length];
        new Random(seed).nextBytes(frame);
        return frame;
    }

    private List<byte[]> poll(int limit) {
        return poll(queue, limit);
    }

    private List<byte[]> poll(UplinkQueue queue, int limit) {
        burst.clear();
        queue.poll(burst, limit);
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < burst.count(); i++) {
            MemorySegment copy = Arena.ofAuto().allocate(burst.length(i));
            burst.copyFrame(i, copy, 0);
            frames.add(copy.toArray(ValueLayout.JAVA_BYTE));
        }
        return frames;
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16, 17, 60, 1514, 2047, 2048, 2049, 9014, 65_535, 65_557})
    void framesOfEveryLengthAreTakenByteForByte(int length) {
        source.frame(frame(100, 1));
        poll(1); // leaves bytes behind that must not show
        byte[] frame = frame(length, 2);
        source.frame(frame);
        assertThat(poll(64)).containsExactly(frame);
        assertThat(counters.get(BYTES)).isEqualTo(100 + length);
    }

    @Test
    void aFrameLongerThanAnyPortCarriesIsDropped() {
        source.frame(frame(65_558, 2));
        assertThat(poll(64)).isEmpty();
        assertThat(counters.dropped(DropReason.OVERSIZE)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(ints = {16, 17, 56, 1510, 2044, 2045, 2047, 2048, 2049, 9014, 65_535})
    void aTagThatTheKernelTookOutIsPutBack(int length) {
        byte[] frame = frame(length, 3);
        source.frame(frame, 0x88a8_2fff);
        byte[] tag = HexFormat.of().parseHex("88a82fff");
        byte[] whole = new byte[length + 4];
        System.arraycopy(frame, 0, whole, 0, 12);
        System.arraycopy(tag, 0, whole, 12, 4);
        System.arraycopy(frame, 12, whole, 16, length - 12);
        assertThat(poll(64)).containsExactly(whole);
    }

    @Test
    void aFrameThatIsTooLongWithItsTagIsDropped() {
        source.frame(frame(65_554, 3), 0x8100_0005);
        assertThat(poll(64)).isEmpty();
        assertThat(counters.dropped(DropReason.OVERSIZE)).isOne();
    }

    @Test
    void aFrameThatIsTooShortIsCountedAndTheNextIsTaken() {
        source.frame(frame(13, 4));
        source.frame(frame(60, 5));
        assertThat(poll(64)).containsExactly(frame(60, 5));
        assertThat(counters.dropped(DropReason.RUNT)).isOne();
        assertThat(counters.get(FRAMES)).isEqualTo(2);
    }

    @Test
    void aFrameThatDidNotFitIsCountedAsTruncated() {
        source.failure(Errno.EMSGSIZE);
        source.frame(frame(60, 6));
        assertThat(poll(64)).containsExactly(frame(60, 6));
        assertThat(counters.dropped(DropReason.TRUNCATED)).isOne();
        assertThat(counters.get(FRAMES)).isEqualTo(2);
    }

    @Test
    void moreLongFramesThanThereIsRoomForComeInSeveralBursts() {
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < 80; i++) {
            frames.add(frame(60_000 + i, i));
            source.frame(frames.get(i));
        }
        List<byte[]> taken = new ArrayList<>();
        for (List<byte[]> some = poll(64); !some.isEmpty(); some = poll(64)) {
            taken.addAll(some);
        }
        assertThat(taken).usingElementComparator(Arrays::compare).containsExactlyElementsOf(frames);
    }

    @Test
    void whileFramesThatWereReadWaitForTheNextBurstArmingSaysSo() {
        for (int i = 0; i < 20; i++) {
            source.frame(frame(60_000, i));
        }
        assertThat(poll(64)).hasSizeBetween(1, 19);
        assertThat(source.waiting).isEmpty();
        assertThat(queue.arm()).isTrue();
    }

    @Test
    void framesThatWaitAreReadTogether() {
        for (int i = 0; i < 64; i++) {
            source.frame(frame(60, i));
        }
        assertThat(poll(64)).hasSize(64);
        assertThat(source.reads).isOne();
    }

    @Test
    void aSlotThatWasLeftOutIsNoFrame() {
        source.frame(frame(60, 1));
        source.failure(Errno.EAGAIN);
        source.frame(frame(60, 2));
        assertThat(poll(64)).containsExactly(frame(60, 1), frame(60, 2));
        assertThat(counters.get(FRAMES)).isEqualTo(2);
        assertThat(counters.dropped()).isZero();
    }

    @Test
    void framesTheKernelDroppedCountAsReceivedAndAsDropped() {
        source.frame(frame(60, 7));
        source.lost = 5;
        poll(64);
        assertThat(counters.get(FRAMES)).isEqualTo(6);
        assertThat(counters.dropped(DropReason.KERNEL_DROP)).isEqualTo(5);
    }

    @Test
    void aDeviceThatHasGoneEndsTheBurstAndCountsNothing() {
        source.frame(frame(60, 8));
        source.failure(Errno.EIO);
        source.frame(frame(60, 9));
        assertThat(poll(64)).hasSize(1);
        assertThat(counters.get(FRAMES)).isOne();
        assertThat(counters.dropped()).isZero();
    }

    @Test
    void armingSaysWhetherAFrameWaits() {
        assertThat(queue.arm()).isFalse();
        source.bell.signal();
        assertThat(queue.arm()).isTrue();
    }

    private static byte[] withHeader(String header, byte[] frame) {
        byte[] before = HexFormat.of().parseHex(header.replace(" ", ""));
        byte[] whole = Arrays.copyOf(before, before.length + frame.length);
        System.arraycopy(frame, 0, whole, before.length, frame.length);
        return whole;
    }

    @Test
    void aChecksumThatWasLeftUndoneIsAskedForBehindATagThatWasPutBack() {
        FakeSource kernel = new FakeSource(10);
        UplinkQueue wire = new UplinkQueue(kernel, counters);
        byte[] frame = frame(100, 1);
        kernel.frame(withHeader("01 00 0000 0000 2200 1000", frame));
        kernel.frame(withHeader("01 00 0000 0000 2200 1000", frame), 0x8100_0005);
        kernel.frame(withHeader("00 00 0000 0000 0000 0000", frame));
        assertThat(poll(wire, 64)).hasSize(3).first().isEqualTo(frame);
        assertThat(burst.offloads().of(0)).isEqualTo(Offload.checksum(34, 16));
        assertThat(burst.offloads().of(1)).isEqualTo(Offload.checksum(38, 16));
        assertThat(burst.offloads().of(2)).isEqualTo(Offload.NONE);
        assertThat(counters.get(BYTES)).isEqualTo(3 * 100 + 4);
    }

    @Test
    void aRequestThatCannotBeTrueCostsTheFrameAndIsCounted() {
        FakeSource kernel = new FakeSource(10);
        UplinkQueue wire = new UplinkQueue(kernel, counters);
        kernel.frame(withHeader("01 00 0000 0000 6300 1000", frame(100, 1)));
        kernel.failure(Errno.EINVAL);
        kernel.frame(withHeader("00 00 0000 0000 0000 0000", frame(100, 2)));
        assertThat(poll(wire, 64))
                .isEmpty(); // the kernel gives what it has before an error, and the error when asked again
        assertThat(poll(wire, 64)).containsExactly(frame(100, 2));
        assertThat(counters.dropped(DropReason.BAD_OFFLOAD)).isEqualTo(2);
        assertThat(counters.get(FRAMES)).isEqualTo(3);
    }
}
