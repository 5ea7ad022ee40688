package io.patchbay.core.port;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;
import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.SharedMemory;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
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
            transmit((vector, count) -> FileCalls.writev(file.number(), vector, count));
            assertThat(java.nio.file.Files.readAllBytes(java.nio.file.Path.of("/proc/self/fd/" + file.number())))
                    .isEqualTo(frame);
        }
        assertThat(counters.get(FRAMES)).isOne();
        assertThat(counters.get(BYTES)).isEqualTo(length);
        assertThat(counters.dropped()).isZero();
    }

    @Test
    void aShortWriteIsCountedAsTruncated() {
        frame(60);
        transmit((vector, count) -> 59);
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
        Errno.EFAULT + ", UPLINK_ERROR",
        Errno.EINVAL + ", UPLINK_ERROR",
    })
    void aFrameTheKernelDoesNotTakeIsDroppedForItsReason(int errno, DropReason reason) {
        frame(60);
        transmit((vector, count) -> -errno);
        assertThat(counters.dropped(reason)).isOne();
        assertThat(counters.dropped()).isOne();
        assertThat(counters.get(FRAMES)).isZero();
    }
}
