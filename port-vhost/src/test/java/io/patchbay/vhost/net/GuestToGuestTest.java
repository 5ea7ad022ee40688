package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.worker.IdlePolicy;
import io.patchbay.core.worker.Waiters;
import io.patchbay.vhost.frontend.DriverRing;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.wire.Feature;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(120)
class GuestToGuestTest {

    private static final long V1 = Feature.VIRTIO_F_VERSION_1.mask();
    private static final long MRG = Feature.VIRTIO_NET_F_MRG_RXBUF.mask();
    private static final long EVENT = Feature.VIRTIO_F_EVENT_IDX.mask();
    private static final long INDIRECT = Feature.VIRTIO_F_INDIRECT_DESC.mask();
    private static final long PACKED = Feature.VIRTIO_F_RING_PACKED.mask();
    private static final long IN_ORDER = Feature.VIRTIO_F_IN_ORDER.mask();

    static byte[] frame(int to, int from, int length, Random random) {
        byte[] frame = new byte[length];
        random.nextBytes(frame);
        byte[] addresses = {2, 0, 0, 0, 0, (byte) to, 2, 0, 0, 0, 0, (byte) from};
        System.arraycopy(addresses, 0, frame, 0, 12);
        return frame;
    }

    static Stream<Arguments> negotiations() {
        return Stream.of(
                Arguments.of("legacy", 0L, 256, 12_000),
                Arguments.of("legacy mergeable", MRG, 256, 2048),
                Arguments.of("legacy event index", EVENT, 256, 12_000),
                Arguments.of("modern", V1, 256, 12_000),
                Arguments.of("modern event index", V1 | EVENT, 256, 12_000),
                Arguments.of("modern mergeable", V1 | MRG | EVENT | INDIRECT, 256, 2048),
                Arguments.of("small mergeable buffers", V1 | MRG | EVENT, 1024, 256),
                Arguments.of("tiny ring", V1, 2, 12_000),
                Arguments.of("largest ring", V1 | EVENT, 32_768, 2048),
                Arguments.of("in order", V1 | MRG | EVENT | IN_ORDER, 256, 2048),
                Arguments.of("packed", V1 | PACKED, 256, 12_000),
                Arguments.of("packed event index", V1 | EVENT | PACKED, 255, 12_000),
                Arguments.of("packed mergeable", V1 | MRG | EVENT | PACKED, 256, 2048),
                Arguments.of("packed in order", V1 | MRG | EVENT | PACKED | IN_ORDER, 100, 1500),
                Arguments.of("packed, one descriptor", V1 | PACKED, 1, 12_000),
                Arguments.of("packed, largest ring", V1 | EVENT | PACKED, 32_768, 2048));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("negotiations")
    void framesOfEveryLengthArriveByteForByte(String name, long features, int queueSize, int bufferBytes)
            throws Exception {
        Random random = new Random(7);
        int longest = queueSize == 32_768 ? 2000 : 9000;
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEndSettings settings = new FrontEndSettings(features, queueSize, bufferBytes);
            FrontEnd a = rig.connect(0, settings);
            FrontEnd b = rig.connect(1, settings);
            for (int length = 14; length <= longest; length += length < 80 ? 1 : 1 + random.nextInt(300)) {
                byte[] there = frame(2, 1, length, random);
                assertThat(a.send(there)).isTrue();
                assertThat(GuestRig.await(b)).as("length %d", length).isEqualTo(there);
                byte[] back = frame(1, 2, length, random);
                assertThat(b.send(back)).isTrue();
                assertThat(GuestRig.await(a)).as("length %d", length).isEqualTo(back);
            }
            rig.assertTheSumsBalance();
        }
    }

    static Stream<Arguments> pairsOfLayouts() {
        long modern = FrontEndSettings.MODERN.features();
        List<Arguments> pairs = new ArrayList<>();
        for (long a : new long[] {0, PACKED, IN_ORDER, PACKED | IN_ORDER}) {
            for (long b : new long[] {0, PACKED, PACKED | IN_ORDER}) {
                pairs.add(Arguments.of(
                        new FrontEndSettings(modern | a, 256, 2048), new FrontEndSettings(modern | b, 64, 300)));
            }
        }
        return pairs.stream();
    }

    @ParameterizedTest
    @MethodSource("pairsOfLayouts")
    void burstsPassBetweenGuestsOfAnyTwoLayoutsAndNoFrameIsLost(FrontEndSettings here, FrontEndSettings there)
            throws Exception {
        Random random = new Random(13);
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, here);
            FrontEnd b = rig.connect(1, there);
            for (int round = 0; round < 300; round++) {
                // Never more than the receiver has buffers for.
                List<byte[]> frames = new ArrayList<>();
                for (int i = 1 + random.nextInt(20); i > 0; i--) {
                    frames.add(frame(2, 1, 14 + random.nextInt(800), random));
                    assertThat(a.send(frames.getLast())).isTrue();
                }
                for (byte[] frame : frames) {
                    assertThat(GuestRig.await(b)).as("round %d", round).isEqualTo(frame);
                }
                byte[] answer = frame(1, 2, 14 + random.nextInt(3000), random);
                assertThat(b.send(answer)).isTrue();
                assertThat(GuestRig.await(a)).as("round %d", round).isEqualTo(answer);
            }
            rig.assertTheSumsBalance();
        }
    }

    @ParameterizedTest(name = "{0} worker sleeping in {1}, packed: {2}")
    @CsvSource({
        "adaptive, IO_URING, false",
        "adaptive, EPOLL, false",
        "sleepy, IO_URING, false",
        "sleepy, EPOLL, false",
        "busy, EPOLL, false",
        "adaptive, IO_URING, true",
        "sleepy, EPOLL, true"
    })
    void noWakeUpIsLostWhenFramesComeAtAnyMoment(String idle, Waiters waiter, boolean packed) throws Exception {
        IdlePolicy policy = switch (idle) {
            case "busy" -> new IdlePolicy.Busy();
            case "sleepy" -> new IdlePolicy.Sleepy();
            default -> new IdlePolicy.Adaptive(java.time.Duration.ofNanos(5_000));
        };
        Random random = new Random(11);
        FrontEndSettings modern = FrontEndSettings.MODERN;
        FrontEndSettings settings = new FrontEndSettings(
                modern.features() | (packed ? PACKED : 0), modern.queueSize(), modern.bufferBytes());
        try (GuestRig rig = new GuestRig(policy, waiter)) {
            FrontEnd a = rig.connect(0, settings);
            FrontEnd b = rig.connect(1, settings);
            for (int i = 0; i < 3000; i++) {
                byte[] frame = frame(2, 1, 64, random);
                assertThat(a.send(frame)).isTrue();
                assertThat(GuestRig.await(b)).isEqualTo(frame);
                for (int pause = random.nextInt(3000); pause > 0; pause--) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    @ParameterizedTest(name = "{0}")
    @CsvSource({"split, 256", "packed, 256", "split, 64"})
    void framesOfManyGuestsForOneArriveWholeAndEachSendersInOrder(String layout, int queueSize) throws Exception {
        long features = V1 | (layout.equals("packed") ? PACKED : 0);
        int senders = 5;
        int each = queueSize / senders; // all of a round find room
        Random random = new Random(11);
        try (GuestRig rig = GuestRig.adaptive(senders + 1)) {
            FrontEndSettings settings = new FrontEndSettings(features, queueSize, 2048);
            List<FrontEnd> guests = new ArrayList<>();
            for (int i = 0; i <= senders; i++) {
                guests.add(rig.connect(i, settings));
            }
            FrontEnd receiver = guests.get(0);
            receiver.send(frame(0xff, 0, 60, random)); // so that its address is known, and nothing flooded
            GuestRig.awaitThat("it is learnt", () -> rig.received(0).get(QueueCounters.Count.FRAMES) == 1);
            List<List<byte[]>> expected = new ArrayList<>();
            List<List<byte[]>> got = new ArrayList<>();
            for (int i = 0; i <= senders; i++) {
                expected.add(new ArrayList<>());
                got.add(new ArrayList<>());
            }
            for (int round = 0; round < 10; round++) {
                for (int n = 0; n < each * senders; n++) {
                    int i = 1 + n % senders;
                    byte[] sent = frame(0, i, 60 + random.nextInt(1400), random);
                    assertThat(guests.get(i).send(sent)).isTrue();
                    expected.get(i).add(sent);
                }
                int sentSoFar = (round + 1) * each * senders;
                GuestRig.awaitThat("all arrive", () -> {
                    take(receiver, got);
                    return got.stream().mapToInt(List::size).sum() == sentSoFar;
                });
            }
            for (int i = 1; i <= senders; i++) {
                assertThat(got.get(i)).as("of guest %d", i).containsExactlyElementsOf(expected.get(i));
            }
            rig.assertTheSumsBalance();
        }
    }

    private static void take(FrontEnd receiver, List<List<byte[]>> got) {
        for (var next = receiver.receive(); next.isPresent(); next = receiver.receive()) {
            got.get(next.get()[11]).add(next.get());
        }
    }

    @Test
    void aFrameLongerThanTheBufferIsDroppedAndTheChainIsKeptForTheNext() throws Exception {
        Random random = new Random(3);
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, new FrontEndSettings(V1, 256, 2048));
            FrontEnd b = rig.connect(1, new FrontEndSettings(V1, 2, 512));
            for (int i = 0; i < 10; i++) {
                a.send(frame(2, 1, 600, random));
            }
            GuestRig.awaitThat("all are dropped", () -> rig.delivered(1).dropped(DropReason.OVERSIZE) == 10);
            byte[] fits = frame(2, 1, 500, random);
            a.send(fits);
            assertThat(GuestRig.await(b)).isEqualTo(fits);
            rig.assertTheSumsBalance();
        }
    }

    @Test
    void framesForAGuestWithoutBuffersAreCountedAsSuch() throws Exception {
        Random random = new Random(3);
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            rig.connect(1, new FrontEndSettings(V1, 4, 2048));
            for (int i = 0; i < 10; i++) {
                a.send(frame(2, 1, 60, random));
            }
            GuestRig.awaitThat("six are dropped", () -> rig.delivered(1).dropped(DropReason.NO_RX_BUFFER) == 6);
            assertThat(rig.delivered(1).get(QueueCounters.Count.FRAMES)).isEqualTo(4);
            rig.assertTheSumsBalance();
        }
    }

    @ParameterizedTest
    @CsvSource({"0, BAD_HEADER", "1, RUNT", "13, RUNT"})
    void aFrameThatIsTooShortIsDroppedForItsReasonAndItsChainGivenBack(int length, DropReason reason) throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            rig.connect(1, FrontEndSettings.MODERN);
            a.send(new byte[length]);
            GuestRig.awaitThat("it is dropped", () -> rig.received(0).dropped(reason) == 1);
            GuestRig.awaitThat("its chain comes back", () -> a.reclaim() == 1);
            rig.assertTheSumsBalance();
        }
    }

    @Test
    void aGuestMayComeAndGoAtAnyTimeAndLeavesNothingBehind() throws Exception {
        Random random = new Random(5);
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
            long descriptors = 0;
            for (int round = 0; round < 40; round++) {
                try (FrontEnd a = FrontEnd.connect(rig.socket(0), FrontEndSettings.MODERN, 2000)) {
                    for (int i = 0; i < 100; i++) {
                        a.send(frame(2, 1, 60 + random.nextInt(1000), random));
                    }
                    GuestRig.await(b);
                }
                GuestRig.awaitThat(
                        "the port is down", () -> !rig.port(0).status().up());
                while (b.receive().isPresent()) {
                    Thread.onSpinWait();
                }
                GuestRig.awaitThat(
                        "its addresses are forgotten",
                        () -> rig.board().macs().entries().noneMatch(entry -> entry.port() == 0));
                if (round == 10) {
                    descriptors = openDescriptors();
                }
            }
            long after = openDescriptors();
            assertThat(after).isLessThanOrEqualTo(descriptors + 2);
            rig.assertTheSumsBalance();
        }
    }

    private static long openDescriptors() throws Exception {
        try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
            return descriptors.count();
        }
    }

    static Stream<Arguments> withoutEventIndex() {
        return Stream.of(Arguments.of("split", V1), Arguments.of("packed", V1 | PACKED));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("withoutEventIndex")
    void aWorkerThatNeverSleepsIsNeverKicked(String name, long features) throws Exception {
        try (GuestRig rig = new GuestRig(new IdlePolicy.Busy(), Waiters.AUTO)) {
            FrontEnd guest = rig.connect(0, new FrontEndSettings(features, 256, 2048));
            DriverRing ring = guest.transmitRing();
            ring.offerReadable(ring.take(), guest.headerBytes() + 60);

            assertThat(ring.publish()).as("kick wanted").isFalse();
        }
    }
}
