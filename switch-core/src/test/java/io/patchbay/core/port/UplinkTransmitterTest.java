package io.patchbay.core.port;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;
import static io.patchbay.core.port.QueueCounters.Count.STALLS;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadCheck;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.frame.TestFrames;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.linux.SharedMemory;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UplinkTransmitterTest {

    private final QueueCounters counters = new QueueCounters();
    private final Burst burst = new Burst();

    private byte[] frame(int length, int... pieces) {
        byte[] frame = new byte[length];
        new Random(length).nextBytes(frame);
        MemorySegment memory = Arena.ofAuto().allocate(Math.max(length, Burst.HEAD_BYTES));
        MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, 0, length);
        int at = Burst.HEAD_BYTES;
        for (int piece : pieces) {
            burst.addSegment(memory, at, piece);
            at += piece;
        }
        if (at < length) {
            burst.addSegment(memory, at, length - at);
        }
        burst.endFrame(
                memory.get(ValueLayout.JAVA_LONG_UNALIGNED, 0), memory.get(ValueLayout.JAVA_LONG_UNALIGNED, 8), length);
        return frame;
    }

    private void transmit(FrameSink sink) {
        new UplinkTransmitter(sink, counters).transmit(burst, new int[] {0}, 1);
    }

    @ParameterizedTest
    @ValueSource(ints = {14, 15, 16, 17, 60, 1514, 65_535})
    void aFrameIsWrittenWhole(int length) throws Exception {
        byte[] frame = length > 40 ? frame(length, 1, 0, 7) : frame(length);
        try (var file = SharedMemory.createMemfd("frame", 0)) {
            transmit((batch, from) -> FileCalls.writeEach(file.number(), batch, from, batch.frames()));
            assertThat(Files.readAllBytes(Path.of("/proc/self/fd/" + file.number())))
                    .isEqualTo(frame);
        }
        assertThat(counters.get(FRAMES)).isOne();
        assertThat(counters.get(BYTES)).isEqualTo(length);
        assertThat(counters.dropped()).isZero();
    }

    @ParameterizedTest(name = "{0} bytes in {1} pieces")
    @CsvSource({"14, 1", "16, 1", "17, 1", "60, 1", "99, 1", "100, 1", "101, 5", "1514, 5"})
    void aShortFrameIsWrittenInOnePieceWhereThatIsCheaper(int length, int pieces) throws Exception {
        frame(300); // whose bytes may not show up behind a shorter one
        byte[] frame = length > 40 ? frame(length, 1, 0, 7) : frame(length);
        List<Integer> counts = new ArrayList<>();
        try (var file = SharedMemory.createMemfd("frame", 0)) {
            FrameSink sink = new FrameSink() {
                @Override
                public int write(FrameBatch batch, int from) {
                    counts.add(batch.count(from));
                    FileCalls.truncate(file, 0);
                    return FileCalls.writeEach(file.number(), batch, from, from + 1);
                }

                @Override
                public int onePieceBytes() {
                    return 100;
                }
            };
            UplinkTransmitter transmitter =
                    new UplinkTransmitter(sink, counters, 12, OffloadSet.NOTHING, WhenFull.DROP);
            transmitter.transmit(burst, new int[] {0, 1}, 2);
            byte[] written = Files.readAllBytes(Path.of("/proc/self/fd/" + file.number()));
            // Written one behind the other: the file's position moves on.
            byte[] last = Arrays.copyOfRange(written, written.length - frame.length - 12, written.length);
            assertThat(Arrays.copyOf(last, 12)).containsOnly(0);
            assertThat(Arrays.copyOfRange(last, 12, last.length)).isEqualTo(frame);
        }
        assertThat(counts).containsExactly(2, pieces);
        assertThat(counters.get(BYTES)).isEqualTo(300 + length);
    }

    /** Takes everything; behind it some are thrown away. */
    private static FrameSink leaking(int... lostByCall) {
        return new FrameSink() {

            private int call;

            @Override
            public int write(FrameBatch batch, int from) {
                return batch.frames() - from;
            }

            @Override
            public int lost() {
                return lostByCall[call++];
            }
        };
    }

    @Test
    void framesThatAreThrownAwayBehindTheDeviceAreDroppedAndNotDelivered() {
        frame(60);
        frame(60);
        frame(60);
        new UplinkTransmitter(leaking(2), counters).transmit(burst, new int[] {0, 1, 2}, 3);
        assertThat(counters.get(FRAMES)).isOne();
        assertThat(counters.dropped(DropReason.UPLINK_FULL)).isEqualTo(2);
    }

    @Test
    void lossesThatAreSeenLateAreTakenOffWhatIsDeliveredNext() {
        frame(60);
        UplinkTransmitter transmitter = new UplinkTransmitter(leaking(0, 2, 0), counters);
        transmitter.transmit(burst, new int[] {0}, 1);
        transmitter.transmit(burst, new int[] {0}, 1);
        assertThat(counters.get(FRAMES)).as("never runs backwards").isOne();
        transmitter.transmit(burst, new int[] {0}, 1);
        assertThat(counters.get(FRAMES)).isOne();
        assertThat(counters.dropped(DropReason.UPLINK_FULL)).isEqualTo(2);
    }

    @Test
    void anUplinkThatHoldsIsFullWhenFramesAreThrownAwayBehindTheDevice() {
        frame(60);
        WhenFull hold = new WhenFull(true, Duration.ofMinutes(10));
        UplinkTransmitter transmitter = new UplinkTransmitter(leaking(1), counters, 0, OffloadSet.NOTHING, hold);
        transmitter.transmit(burst, new int[] {0}, 1);
        assertThat(counters.get(STALLS)).isOne();
        assertThat(transmitter.rings()).isFalse();
    }

    @Test
    void aShortWriteIsCountedAsTruncated() {
        frame(60);
        transmit((batch, from) -> FrameBatch.SHORT_WRITE);
        assertThat(counters.dropped(DropReason.TRUNCATED)).isOne();
        assertThat(counters.get(FRAMES)).isZero();
        assertThat(counters.get(BYTES)).isZero();
    }

    @ParameterizedTest(name = "{0}: {1}")
    @CsvSource({
        Errno.EAGAIN + ", UPLINK_FULL",
        Errno.ENOBUFS + ", UPLINK_FULL",
        Errno.EMSGSIZE + ", OVERSIZE",
        Errno.EIO + ", PORT_DOWN",
        Errno.ENETDOWN + ", PORT_DOWN",
        Errno.ENXIO + ", PORT_DOWN",
        Errno.ENODEV + ", PORT_DOWN",
        Errno.ENOLINK + ", PORT_DOWN",
        Errno.EBADFD + ", PORT_DOWN",
        Errno.EFAULT + ", UPLINK_ERROR",
        Errno.EINVAL + ", UPLINK_ERROR",
    })
    void aFrameTheKernelDoesNotTakeIsDroppedForItsReason(int errno, DropReason reason) {
        frame(60);
        transmit((batch, from) -> -errno);
        assertThat(counters.dropped(reason)).isOne();
        assertThat(counters.dropped()).isOne();
        assertThat(counters.get(FRAMES)).isZero();
    }

    /** A frame of 100 bytes whose checksum at 50 over everything from 34 on is not complete. */
    private byte[] unfinishedFrame() {
        byte[] frame = frame(100);
        assertThat(OffloadCheck.ofKernel().accept(burst, Offload.checksum(34, 16)))
                .isTrue();
        return frame;
    }

    /** A TCP packet with so much payload that the link carries it in three. */
    private void packetForThree() {
        byte[] frame = new byte[54 + 2500];
        byte[] headers = HexFormat.of()
                .parseHex(("020000000001 020000000002 0800 450009ec0000400040060000 0a0000010a000002"
                                + "00010002 00000001 00000002 5010 0100 0000 0000")
                        .replace(" ", ""));
        System.arraycopy(headers, 0, frame, 0, 54);
        TestFrames.add(burst, frame, new Random(1));
        long request = Offload.of(Offload.FLAG_NEEDS_CSUM, Offload.GSO_TCPV4, 1000, 34, 16);
        assertThat(OffloadCheck.ofKernel().accept(burst, request)).isTrue();
    }

    /** What was written, one entry a frame. */
    private final List<byte[]> written = new ArrayList<>();

    private int write(FrameBatch batch, int from) {
        try (var file = SharedMemory.createMemfd("frame", 0)) {
            int n = FileCalls.writeEach(file.number(), batch, from, from + 1);
            written.add(Files.readAllBytes(Path.of("/proc/self/fd/" + file.number())));
            return n;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hex(byte[] bytes, int from, int to) {
        return HexFormat.of().formatHex(bytes, from, to);
    }

    @Test
    void aKernelThatTakesHeadersIsToldWhatIsUndone() {
        unfinishedFrame();
        burst.dropLast();
        frame(70);
        new UplinkTransmitter(this::write, counters, 10, OffloadSet.CSUM, WhenFull.DROP)
                .transmit(burst, new int[] {0}, 1);
        burst.clear();
        unfinishedFrame();
        new UplinkTransmitter(this::write, counters, 10, OffloadSet.CSUM, WhenFull.DROP)
                .transmit(burst, new int[] {0}, 1);
        burst.clear();
        packetForThree();
        new UplinkTransmitter(this::write, counters, 12, OffloadSet.ALL, WhenFull.DROP)
                .transmit(burst, new int[] {0}, 1);
        assertThat(written).extracting(w -> w.length).containsExactly(80, 110, 12 + 2554);
        assertThat(hex(written.get(0), 0, 10)).isEqualTo("00".repeat(10));
        assertThat(hex(written.get(1), 0, 10)).isEqualTo("01000000000022001000");
        assertThat(hex(written.get(2), 0, 12)).isEqualTo("01013600e803220010000000");
        assertThat(counters.get(FRAMES)).isEqualTo(3);
        assertThat(counters.get(BYTES)).isEqualTo(70 + 100 + 2554);
    }

    @Test
    void aChecksumIsCompletedForAKernelThatTakesNone() {
        int begun = ByteBuffer.wrap(unfinishedFrame()).getShort(50) & 0xffff;
        transmit(this::write);
        ByteBuffer sent = ByteBuffer.wrap(written.getFirst());
        int sum = begun;
        for (int i = 34; i < 100; i += 2) {
            sum += sent.getShort(i) & 0xffff;
        }
        assertThat((sum & 0xffff) + (sum >>> 16))
                .as("the sum with its complement")
                .isEqualTo(0xffff);
        assertThat(counters.get(FRAMES)).isOne();
    }

    @Test
    void aFrameThatBecomesSeveralCountsOnce() {
        packetForThree();
        new UplinkTransmitter(this::write, counters, 10, OffloadSet.CSUM, WhenFull.DROP)
                .transmit(burst, new int[] {0}, 1);
        assertThat(written).extracting(w -> w.length).containsExactly(10 + 1054, 10 + 1054, 10 + 554);
        assertThat(counters.get(FRAMES)).isOne();
        assertThat(counters.get(BYTES)).isEqualTo(2554);
        assertThat(counters.dropped()).isZero();
    }

    @Test
    void theWorkOfCuttingAFrameIsChargedToItsSender() {
        packetForThree();
        transmit(this::write);
        assertThat(burst.effort()).isEqualTo(3);
    }

    @Test
    void aFrameOfWhichAPartIsThrownAwayBehindTheDeviceIsDropped() {
        packetForThree();
        transmit(leaking(0, 1, 0));
        assertThat(counters.get(FRAMES)).isZero();
        assertThat(counters.dropped(DropReason.UPLINK_FULL)).isOne();
        assertThat(counters.dropped()).isOne();
    }

    @Test
    void aKernelIsNotToldThatAChecksumWasVerified() {
        frame(100);
        assertThat(OffloadCheck.ofKernel().accept(burst, Offload.FLAG_DATA_VALID))
                .isTrue();
        new UplinkTransmitter(this::write, counters, 10, OffloadSet.ALL, WhenFull.DROP)
                .transmit(burst, new int[] {0}, 1);
        assertThat(hex(written.getFirst(), 0, 10)).isEqualTo("00".repeat(10));
    }

    @Test
    void aFrameOfWhichTheKernelTookOnlyAPartIsDropped() {
        packetForThree();
        transmit((batch, from) -> written.size() < 2 ? write(batch, from) : -Errno.EAGAIN);
        assertThat(written).hasSize(2);
        assertThat(counters.get(FRAMES)).isZero();
        assertThat(counters.dropped(DropReason.UPLINK_FULL)).isOne();
        assertThat(counters.dropped()).isOne();
    }
}
