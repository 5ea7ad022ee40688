package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters.Count;
import io.patchbay.vhost.frontend.DriverRing;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEnd.Received;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What a guest leaves to others, as it reaches a guest that negotiated this or that. */
class OffloadTest {

    private static final long V1 = Feature.VIRTIO_F_VERSION_1.mask();
    private static final long MRG = Feature.VIRTIO_NET_F_MRG_RXBUF.mask();
    private static final long CSUM = Feature.VIRTIO_NET_F_CSUM.mask();
    private static final long GUEST_CSUM = Feature.VIRTIO_NET_F_GUEST_CSUM.mask();
    private static final long SENDER = V1 | NetOffloads.FEATURES;
    private static final int LONGEST = 65_549;
    private static final int MSS = 1448;
    private static final int IP = 14;
    private static final int TCP = IP + 20;
    private static final int PAYLOAD = TCP + 20;

    private final Random random = new Random(17);

    private static byte[] header(int flags, int type, int hdrLen, int size, int start, int offset) {
        ByteBuffer header = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
        header.put((byte) flags).put((byte) type).putShort((short) hdrLen).putShort((short) size);
        return header.putShort((short) start).putShort((short) offset).array();
    }

    private static byte[] tso(int size) {
        return header(1, 1, 9999, size, TCP, 16);
    }

    /** A TCP packet over IPv4 from station 1 to station 2 with the sum of its pseudo header in the checksum field. */
    private byte[] packet(int payload) {
        byte[] frame = new byte[PAYLOAD + payload];
        random.nextBytes(frame);
        ByteBuffer b = ByteBuffer.wrap(frame);
        b.put(new byte[] {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1}).putShort((short) 0x0800);
        b.put((byte) 0x45).put((byte) 0).putShort((short) (40 + payload)).putInt(0x1234_0000);
        b.put((byte) 64).put((byte) 6).putShort((short) 0).putInt(0x0a00_0001).putInt(0x0a00_0002);
        b.putShort(IP + 10, (short) ~sum(frame, IP, TCP, 0));
        frame[TCP + 12] = 0x50;
        frame[TCP + 13] = 0x19; // ACK, PSH, FIN
        b.putShort(TCP + 16, (short) pseudoHeader(frame));
        return frame;
    }

    private static int pseudoHeader(byte[] frame) {
        return sum(frame, IP + 12, IP + 20, 6 + frame.length - TCP);
    }

    private static int sum(byte[] bytes, int from, int to, int start) {
        int sum = start;
        for (int i = from; i < to; i++) {
            sum += (bytes[i] & 0xff) << ((i - from) % 2 == 0 ? 8 : 0);
        }
        while (sum > 0xffff) {
            sum = (sum & 0xffff) + (sum >>> 16);
        }
        return sum;
    }

    private static void assertThatChecksumsAreRight(byte[] frame) {
        assertThat(sum(frame, IP, TCP, 0)).as("sum of the IP header").isEqualTo(0xffff);
        assertThat(sum(frame, TCP, frame.length, pseudoHeader(frame)))
                .as("sum of the TCP segment")
                .isEqualTo(0xffff);
    }

    private static FrontEnd sender(GuestRig rig, long features) throws Exception {
        return FrontEnd.connect(rig.socket(0), new FrontEndSettings(features, 16, 2048), LONGEST);
    }

    private static Received await(FrontEnd frontEnd) {
        List<Received> got = new ArrayList<>();
        GuestRig.awaitThat("a frame arrives", () -> {
            frontEnd.receiveWithHeader().ifPresent(got::add);
            return !got.isEmpty();
        });
        return got.getFirst();
    }

    @ParameterizedTest(name = "features {0}, {1} buffers of {2} bytes")
    @CsvSource({"0x8000, 256, 1536", "0x8000, 512, 256", "0, 16, 65600"})
    void aFrameOf64KibTravelsWholeToAGuestThatTakesIt(String mergeable, int entries, int bufferBytes) throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                FrontEnd a = sender(rig, SENDER)) {
            FrontEnd b = rig.connect(1, new FrontEndSettings(SENDER | Long.decode(mergeable), entries, bufferBytes));
            for (int i = 0; i < 20; i++) {
                byte[] frame = packet(LONGEST - PAYLOAD);
                assertThat(a.send(tso(MSS), frame)).isTrue();
                Received received = await(b);
                byte[] header = tso(MSS);
                int buffers = (LONGEST + 12 + bufferBytes - 1) / bufferBytes;
                ByteBuffer.wrap(header)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putShort(2, (short) PAYLOAD)
                        .putShort(10, (short) buffers);
                assertThat(received.header()).isEqualTo(header);
                assertThat(Arrays.equals(received.frame(), frame)).isTrue();
            }
            rig.assertTheSumsBalance();
            assertThat(rig.delivered(1).get(Count.SOFTWARE_SEGMENTED)).isZero();
        }
    }

    static Stream<Arguments> lesserGuests() {
        return Stream.of(
                Arguments.of("no offloads", V1, 2048),
                Arguments.of("a legacy driver", 0L, 2048),
                Arguments.of("mergeable buffers smaller than a segment", V1 | MRG, 512),
                Arguments.of("checksums only", V1 | GUEST_CSUM, 2048),
                Arguments.of(
                        "the other segmentation",
                        V1
                                | GUEST_CSUM
                                | Feature.VIRTIO_NET_F_GUEST_TSO6.mask()
                                | Feature.VIRTIO_NET_F_GUEST_UFO.mask(),
                        2048),
                Arguments.of(
                        "segmentation without what it requires", V1 | Feature.VIRTIO_NET_F_GUEST_TSO4.mask(), 2048));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lesserGuests")
    void aGuestThatDoesNotTakeItGetsSegments(String what, long features, int bufferBytes) throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                FrontEnd a = sender(rig, SENDER)) {
            FrontEnd b = rig.connect(1, new FrontEndSettings(features, 256, bufferBytes));
            byte[] frame = packet(60_000);
            assertThat(a.send(tso(MSS), frame)).isTrue();
            ByteArrayOutputStream payload = new ByteArrayOutputStream();
            int segments = (60_000 + MSS - 1) / MSS;
            for (int i = 0; i < segments; i++) {
                Received received = await(b);
                assertThat(Arrays.copyOf(received.header(), 10)).isEqualTo(new byte[10]);
                assertThatChecksumsAreRight(received.frame());
                int flags = received.frame()[TCP + 13];
                assertThat(flags).isEqualTo(i < segments - 1 ? 0x10 : 0x19);
                payload.write(received.frame(), PAYLOAD, received.frame().length - PAYLOAD);
            }
            assertThat(payload.toByteArray()).isEqualTo(Arrays.copyOfRange(frame, PAYLOAD, frame.length));
            rig.assertTheSumsBalance();
            assertThat(rig.delivered(1).get(Count.FRAMES)).isEqualTo(1);
            assertThat(rig.delivered(1).get(Count.BYTES)).isEqualTo(frame.length);
            assertThat(rig.delivered(1).get(Count.SOFTWARE_SEGMENTED)).isEqualTo(1);
            assertThat(rig.delivered(1).get(Count.SOFTWARE_SEGMENTS)).isEqualTo(segments);
        }
    }

    @Test
    void aGuestThatCompletesChecksumsIsAskedTo() throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                FrontEnd a = sender(rig, SENDER)) {
            FrontEnd b = rig.connect(1, new FrontEndSettings(V1 | GUEST_CSUM, 16, 2048));
            byte[] frame = packet(100);
            a.send(header(1, 0, 0, 0, TCP, 16), frame);
            Received received = await(b);
            byte[] expected = header(1, 0, 0, 0, TCP, 16);
            expected[10] = 1;
            assertThat(received.header()).isEqualTo(expected);
            assertThat(received.frame()).isEqualTo(frame);
        }
    }

    @ParameterizedTest(name = "{0} bytes")
    @CsvSource({"0", "1", "100", "1459", "1460"})
    void aGuestThatDoesNotGetsACompleteOne(int payload) throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                FrontEnd a = sender(rig, SENDER)) {
            FrontEnd b = rig.connect(1, new FrontEndSettings(V1, 16, 2048));
            a.send(header(1, 0, 0, 0, TCP, 16), packet(payload));
            Received received = await(b);
            assertThat(Arrays.copyOf(received.header(), 10)).isEqualTo(new byte[10]);
            assertThatChecksumsAreRight(received.frame());
            rig.assertTheSumsBalance();
            assertThat(rig.delivered(1).get(Count.SOFTWARE_CHECKSUMS)).isEqualTo(1);
        }
    }

    static Stream<Arguments> lies() {
        return Stream.of(
                Arguments.of("csum_start and csum_offset past the end (S26)", SENDER, header(1, 0, 0, 0, 1040, 13)),
                Arguments.of("the checksum in the Ethernet header", SENDER, header(1, 0, 0, 0, 6, 0)),
                Arguments.of("gso_size 0 (S27)", SENDER, tso(0)),
                Arguments.of("GSO without NEEDS_CSUM (S27)", SENDER, header(0, 1, 54, MSS, TCP, 16)),
                Arguments.of("a type of another protocol", SENDER, header(1, 4, 54, MSS, TCP, 16)),
                Arguments.of("an unknown type", SENDER, header(1, 9, 54, MSS, TCP, 16)),
                Arguments.of("a type that was not negotiated (S27)", V1 | CSUM, tso(MSS)),
                Arguments.of(
                        "ECN that was not negotiated",
                        SENDER & ~Feature.VIRTIO_NET_F_HOST_ECN.mask(),
                        header(1, 0x81, 54, MSS, TCP, 16)));
    }

    @DisplayName("S26 CVE-2024-11614, S27 DPDK 7023f3e532, CVE-2026-100236: a header that lies")
    @ParameterizedTest(name = "{0}")
    @MethodSource("lies")
    void aHeaderThatLiesIsDroppedForItsReasonAndItsChainGivenBack(String what, long features, byte[] header)
            throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                FrontEnd a = sender(rig, features)) {
            FrontEnd b = rig.connect(1, new FrontEndSettings(V1 | MRG, 256, 2048));
            a.send(header, packet(1000));
            GuestRig.awaitThat("it is dropped", () -> rig.received(0).dropped(DropReason.BAD_OFFLOAD) == 1);
            GuestRig.awaitThat("its chain comes back", () -> a.reclaim() == 1);
            byte[] honest = packet(60);
            a.send(honest);
            assertThat(await(b).frame()).isEqualTo(honest);
            rig.assertTheSumsBalance();
        }
    }

    @Test
    void headersOfAGuestThatDidNotNegotiateAnyOffloadAreNotLookedAt() throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                FrontEnd a = sender(rig, V1)) {
            FrontEnd b = rig.connect(1, new FrontEndSettings(SENDER, 16, 70_000));
            byte[] frame = packet(1000);
            byte[] garbage = new byte[12];
            Arrays.fill(garbage, (byte) 0xff);
            a.send(garbage, frame);
            Received received = await(b);
            assertThat(Arrays.copyOf(received.header(), 10)).isEqualTo(new byte[10]);
            assertThat(received.frame()).isEqualTo(frame);
        }
    }

    @Test
    void aFrameOfWhichASegmentFindsNoBufferCountsOnceAsDropped() throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                FrontEnd a = sender(rig, SENDER)) {
            rig.connect(1, new FrontEndSettings(V1, 4, 2048));
            a.send(tso(1000), packet(10_000));
            GuestRig.awaitThat("it is dropped", () -> rig.delivered(1).dropped(DropReason.NO_RX_BUFFER) == 1);
            rig.assertTheSumsBalance();
            assertThat(rig.delivered(1).get(Count.FRAMES)).isZero();
            assertThat(rig.delivered(1).get(Count.SOFTWARE_SEGMENTS)).isEqualTo(4);
            assertThat(rig.delivered(1).get(Count.SOFTWARE_SEGMENTED)).isZero();
        }
    }

    /** As a Linux bridge does it, which cuts it at each of its ports; and a guest with few buffers loses the end of it, the others nothing. */
    @Test
    void aFloodedFrameIsCutForEachReceiverAndOnlyTheOneWithoutBuffersLosesItsTail() throws Exception {
        try (GuestRig rig = GuestRig.adaptive(4);
                FrontEnd a = sender(rig, SENDER)) {
            FrontEnd few = rig.connect(1, new FrontEndSettings(V1, 8, 2048));
            FrontEnd enough = rig.connect(2, new FrontEndSettings(V1 | GUEST_CSUM, 64, 2048));
            FrontEnd whole = rig.connect(3, new FrontEndSettings(SENDER, 16, 65_600));
            byte[] frame = packet(20_000);
            assertThat(a.send(tso(1000), frame)).isTrue();
            assertThat(Arrays.equals(await(whole).frame(), frame)).isTrue();
            assertThat(payloadOf(enough, 20)).isEqualTo(Arrays.copyOfRange(frame, PAYLOAD, frame.length));
            rig.assertTheSumsBalance();
            // What it has buffers for is in order and without a gap, so that a receiving TCP has nothing to reorder.
            assertThat(payloadOf(few, 8)).isEqualTo(Arrays.copyOfRange(frame, PAYLOAD, PAYLOAD + 8000));
            assertThat(few.receive()).isEmpty();

            assertThat(rig.received(0).get(Count.FLOOD_COPIES)).isEqualTo(2);
            assertThat(rig.delivered(1).get(Count.FRAMES)).isZero();
            assertThat(rig.delivered(1).dropped(DropReason.NO_RX_BUFFER)).isEqualTo(1);
            assertThat(rig.delivered(1).get(Count.SOFTWARE_SEGMENTS)).isEqualTo(8);
            assertThat(rig.delivered(2).get(Count.FRAMES)).isEqualTo(1);
            assertThat(rig.delivered(2).get(Count.SOFTWARE_SEGMENTS)).isEqualTo(20);
            assertThat(rig.delivered(3).get(Count.FRAMES)).isEqualTo(1);
            assertThat(rig.delivered(2).dropped() + rig.delivered(3).dropped()).isZero();
        }
    }

    /** What arrives in that many segments, each of them complete. */
    private static byte[] payloadOf(FrontEnd receiver, int segments) {
        ByteArrayOutputStream payload = new ByteArrayOutputStream();
        for (int i = 0; i < segments; i++) {
            byte[] segment = await(receiver).frame();
            assertThatChecksumsAreRight(segment);
            payload.write(segment, PAYLOAD, segment.length - PAYLOAD);
        }
        return payload.toByteArray();
    }

    @ParameterizedTest(name = "cut after {0} and {1} bytes")
    @CsvSource({"1, 2", "4, 9", "9, 11", "8, 12", "11, 30"})
    void aHeaderThatIsCutIntoBuffersAnywhereIsRead(int first, int second) throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                FrontEnd a = sender(rig, SENDER)) {
            FrontEnd b = rig.connect(1, new FrontEndSettings(V1, 16, 2048));
            byte[] frame = packet(200);
            byte[] whole = ByteBuffer.allocate(12 + frame.length)
                    .put(header(1, 0, 0, 0, TCP, 16))
                    .put(frame)
                    .array();
            offerInPieces(a, whole, first, second);
            assertThatChecksumsAreRight(await(b).frame());
        }
    }

    /** Offers bytes as one chain of three buffers, which are those of entries 0 to 2. */
    private static void offerInPieces(FrontEnd a, byte[] whole, int... cuts) {
        DriverRing ring = a.transmitRing();
        int n = ring.size();
        long buffers = ring.buffers().address() - a.memory().address();
        long table = buffers
                - pages(SplitRingDescriptor.usedBytes(n))
                - pages(SplitRingDescriptor.availableBytes(n))
                - pages(SplitRingDescriptor.descriptorsBytes(n));
        ValueLayout.OfLong word = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
        int from = 0;
        for (int i = 0; i <= cuts.length; i++) {
            int to = i < cuts.length ? cuts[i] : whole.length;
            long at = ring.bufferOffset(i);
            for (int k = from; k < to; k++) {
                ring.buffers().set(ValueLayout.JAVA_BYTE, at + k - from, whole[k]);
            }
            long next = i < cuts.length ? 1L << 32 | (long) (i + 1) << 48 : 0;
            a.memory().set(word, table + 16L * i, a.region().guestAddress() + buffers + at);
            a.memory().set(word, table + 16L * i + 8, to - from | next);
            from = to;
        }
        ring.offer(0);
        ring.publish();
        a.kickTransmit();
    }

    private static long pages(long bytes) {
        return (bytes + 4095) / 4096 * 4096;
    }
}
