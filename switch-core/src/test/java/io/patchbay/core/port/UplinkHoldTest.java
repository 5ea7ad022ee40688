package io.patchbay.core.port;

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
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class UplinkHoldTest {

    private static final int LENGTH = 1000;
    private static final int[] ALL = IntStream.range(0, Burst.CAPACITY).toArray();
    private static final WhenFull PATIENT = new WhenFull(true, Duration.ofMinutes(10));
    private static final WhenFull IMPATIENT = new WhenFull(true, Duration.ZERO);

    private final QueueCounters counters = new QueueCounters();
    private final Burst burst = new Burst();
    private Bottleneck wire;

    @BeforeEach
    void connect() throws Exception {
        wire = new Bottleneck(LENGTH);
        for (int i = 0; i < Burst.CAPACITY; i++) {
            TestFrames.add(
                    burst,
                    TestFrames.frame(0x0200_0000_0001L, 0x0200_0000_0002L, LENGTH, new Random(i)),
                    new Random(i));
        }
    }

    @AfterEach
    void close() throws Exception {
        wire.close();
    }

    private UplinkTransmitter uplink(FrameSink sink, WhenFull whenFull) {
        return new UplinkTransmitter(sink, counters, 0, OffloadSet.NOTHING, whenFull);
    }

    /** Offers whole bursts until one is not taken whole, and says how many frames were taken in all. */
    private int fill(UplinkTransmitter uplink) {
        int taken = 0;
        for (int done = Burst.CAPACITY; done == Burst.CAPACITY; taken += done) {
            done = uplink.offer(burst, ALL, Burst.CAPACITY);
        }
        return taken;
    }

    /** As one does who waits: until something is taken. */
    private int offerUntilTaken(UplinkTransmitter uplink, int count) {
        int done = 0;
        while (done == 0) {
            done = uplink.offer(burst, ALL, count);
        }
        return done;
    }

    @Test
    void whatFindsNoRoomIsLeftToTheCallerAndTakenWhenThereIsSome() {
        UplinkTransmitter uplink = uplink(wire, PATIENT);
        int taken = fill(uplink);
        assertThat(counters.get(FRAMES)).isEqualTo(taken);
        assertThat(counters.get(STALLS)).isOne();
        assertThat(uplink.offer(burst, ALL, 5)).isZero();
        assertThat(uplink.hasRoom()).isFalse();
        assertThat(wire.read(Integer.MAX_VALUE)).hasSize(taken);
        assertThat(uplink.hasRoom()).isTrue();
        assertThat(offerUntilTaken(uplink, 5)).isEqualTo(5);
        assertThat(wire.read(Integer.MAX_VALUE)).hasSize(5);
        assertThat(counters.get(FRAMES)).isEqualTo(taken + 5);
        assertThat(counters.dropped()).isZero();
        assertThat(uplink.fullForMillis()).isZero();
    }

    @Test
    void roomForOneFrameIsNotEnoughToGoOn() {
        UplinkTransmitter uplink = uplink(wire, PATIENT);
        fill(uplink);
        wire.read(1);
        assertThat(uplink.hasRoom()).isFalse();
    }

    @Test
    void whatDoesNotWaitIsDropped() {
        UplinkTransmitter uplink = uplink(wire, PATIENT);
        int taken = fill(uplink);
        uplink.transmit(burst, ALL, 3);
        assertThat(counters.dropped(DropReason.UPLINK_FULL)).isEqualTo(3);
        assertThat(wire.read(Integer.MAX_VALUE)).hasSize(taken);
    }

    @Test
    void anUplinkThatWasFullForTooLongDropsUntilThereIsRoom() {
        UplinkTransmitter uplink = uplink(wire, IMPATIENT);
        while (counters.dropped(DropReason.HELD_TOO_LONG) == 0) {
            assertThat(uplink.offer(burst, ALL, Burst.CAPACITY)).isEqualTo(Burst.CAPACITY);
        }
        long dropped = counters.dropped();
        assertThat(uplink.offer(burst, ALL, 7)).isEqualTo(7);
        assertThat(counters.dropped(DropReason.HELD_TOO_LONG)).isEqualTo(dropped + 7);
        wire.read(Integer.MAX_VALUE);
        while (wire.read(Integer.MAX_VALUE).isEmpty()) {
            assertThat(uplink.offer(burst, ALL, 1)).isOne();
        }
        assertThat(uplink.fullForMillis()).isZero();
    }

    @Test
    void aDisciplineThatRefusesIsTriedAgainAfterAWhile() {
        int[] writes = {0};
        UplinkTransmitter uplink = uplink(
                (batch, from) -> {
                    writes[0]++;
                    return writes[0] < 4 ? -Errno.ENOBUFS : 1;
                },
                PATIENT);
        assertThat(uplink.offer(burst, ALL, 2)).isZero();
        assertThat(uplink.retryAt() - System.nanoTime())
                .isLessThan(Duration.ofSeconds(1).toNanos());
        assertThat(offerUntilTaken(uplink, 2)).isEqualTo(2);
        assertThat(writes[0]).isEqualTo(5);
        assertThat(counters.get(STALLS)).isOne();
        assertThat(counters.dropped()).isZero();
    }

    @Test
    void aFrameThatIsRefusedWhileNothingOfOursWaitsIsDroppedAndHoldsUpNobody() {
        UplinkTransmitter uplink =
                uplink(buffered(0, (batch, from) -> from == 1 ? -Errno.ENOBUFS : 1), PATIENT); // a filter, say
        assertThat(uplink.offer(burst, ALL, 4)).isEqualTo(4);
        assertThat(counters.get(FRAMES)).isEqualTo(3);
        assertThat(counters.dropped(DropReason.UPLINK_FULL)).isOne();
        assertThat(counters.get(STALLS)).isZero();
    }

    @Test
    void aFrameThatIsRefusedWhileSomeOfOursWaitWaitsToo() {
        UplinkTransmitter uplink = uplink(buffered(1, (batch, from) -> from == 1 ? -Errno.ENOBUFS : 1), PATIENT);
        assertThat(uplink.offer(burst, ALL, 4)).isOne();
        assertThat(counters.dropped()).isZero();
    }

    /** Takes everything, and says that so much of a buffer of 100000 bytes is in use. */
    private FrameSink buffered(long bytes) {
        return buffered(bytes, (batch, from) -> batch.frames() - from);
    }

    private FrameSink buffered(long bytes, FrameSink to) {
        return new FrameSink() {

            @Override
            public int write(FrameBatch batch, int from) {
                return to.write(batch, from);
            }

            @Override
            public int descriptor() {
                return wire.descriptor();
            }

            @Override
            public long bufferBytes() {
                return 100_000;
            }

            @Override
            public long bufferedBytes() {
                return bytes;
            }
        };
    }

    @Test
    void aSenderWithNothingMoreToSendWaitsFromThreeQuartersOn() {
        fill(uplink(wire, PATIENT)); // whose descriptor now says that there is no room
        UplinkTransmitter below = uplink(buffered(74_999), PATIENT);
        UplinkTransmitter above = uplink(buffered(75_000), PATIENT);
        UplinkTransmitter unknown = uplink(buffered(-1), PATIENT);
        for (UplinkTransmitter uplink : List.of(below, above, unknown)) {
            assertThat(uplink.offer(burst, ALL, 64)).isEqualTo(64);
        }
        burst.setLast();
        for (UplinkTransmitter uplink : List.of(below, above, unknown)) {
            assertThat(uplink.offer(burst, ALL, 1)).isOne();
        }
        assertThat(below.offer(burst, ALL, 1)).isOne();
        assertThat(above.offer(burst, ALL, 1)).isZero();
        assertThat(unknown.offer(burst, ALL, 1)).isZero();
    }

    @Test
    void ofAFrameThatIsCutInSoftwareOnlyTheRestIsSentAgain() {
        byte[] frame = new byte[54 + 2500];
        byte[] headers = HexFormat.of()
                .parseHex("020000000001020000000002080045000"
                        + "9ec00004000400600000a0000010a000002000100020000000100000002501001000000" + "0000");
        System.arraycopy(headers, 0, frame, 0, 54);
        burst.clear();
        TestFrames.add(burst, frame, new Random(1));
        long request = Offload.of(Offload.FLAG_NEEDS_CSUM, Offload.GSO_TCPV4, 1000, 34, 16);
        assertThat(OffloadCheck.ofKernel().accept(burst, request)).isTrue();
        List<Integer> lengths = new ArrayList<>();
        int[] writes = {0};
        UplinkTransmitter uplink = uplink(
                (batch, from) -> {
                    writes[0]++;
                    if (writes[0] == 2) {
                        return -Errno.ENOBUFS;
                    }
                    lengths.add(batch.length(from));
                    return 1;
                },
                PATIENT);
        assertThat(uplink.offer(burst, ALL, 1)).isZero();
        assertThat(offerUntilTaken(uplink, 1)).isOne();
        assertThat(lengths).containsExactly(54 + 1000, 54 + 1000, 54 + 500);
        assertThat(writes[0]).isEqualTo(4);
        assertThat(counters.get(QueueCounters.Count.SOFTWARE_SEGMENTS)).isEqualTo(3);
        assertThat(counters.get(QueueCounters.Count.SOFTWARE_SEGMENTED)).isOne();
        assertThat(counters.get(FRAMES)).isOne();
        assertThat(counters.dropped()).isZero();
    }

    @Test
    void fragmentsOfADatagramThatHadToWaitHaveOneIdentification() throws Exception {
        byte[] frame = new byte[62 + 2500];
        byte[] headers = HexFormat.of()
                .parseHex("020000000001020000000002" + "86dd" + "6000000009cc1140" + "00".repeat(32)
                        + "03e807d009cc0000");
        System.arraycopy(headers, 0, frame, 0, headers.length);
        burst.clear();
        TestFrames.add(burst, frame, new Random(1));
        long request = Offload.of(Offload.FLAG_NEEDS_CSUM, Offload.GSO_UDP, 1000, 54, 6);
        assertThat(OffloadCheck.ofGuest(OffloadSet.ALL).accept(burst, request)).isTrue();
        int[] writes = {0};
        try (var file = SharedMemory.createMemfd("wire", 0)) {
            UplinkTransmitter uplink = uplink(
                    (batch, from) -> {
                        writes[0]++;
                        return writes[0] == 2
                                ? -Errno.ENOBUFS
                                : FileCalls.writeEach(file.number(), batch, from, from + 1);
                    },
                    PATIENT);
            assertThat(uplink.offer(burst, ALL, 1)).isZero();
            assertThat(offerUntilTaken(uplink, 1)).isOne();
            ByteBuffer sent = ByteBuffer.wrap(Files.readAllBytes(Path.of("/proc/self/fd/" + file.number())));
            int fragment = 62 + 1000;
            assertThat(sent.capacity()).isEqualTo(2508 + 3 * 62);
            assertThat(List.of(sent.get(20), sent.get(fragment + 20), sent.get(2 * fragment + 20)))
                    .as("next header")
                    .containsOnly((byte) 44);
            assertThat(List.of(sent.getInt(fragment + 58), sent.getInt(2 * fragment + 58)))
                    .containsOnly(sent.getInt(58));
        }
    }
}
