package io.patchbay.core.frame;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.TestPackets.Packet;
import java.nio.ByteBuffer;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Headers that lie, after the specification's rules for devices (virtio 1.3 §5.1.6.2.2) and attack rows S26 and S27. */
class OffloadCheckTest {

    private static final int NEEDS = Offload.FLAG_NEEDS_CSUM;

    /** Of a random packet without tags. */
    private static final long UNTAGGED = 2;

    private final Burst burst = new Burst();
    private final OffloadCheck check = OffloadCheck.ofGuest(OffloadSet.ALL);

    private boolean accepts(byte[] frame, long header) {
        burst.clear();
        TestFrames.add(burst, frame, new Random(7));
        return check.accept(burst, header);
    }

    private static byte[] frame(int length) {
        byte[] frame = TestFrames.frame(1, 2, length, new Random(3));
        frame[12] = 8;
        frame[13] = 0;
        return frame;
    }

    @Test
    void aHeaderIsPackedAndUnpackedFieldByField() {
        ByteBuffer header = ByteBuffer.allocate(10).order(java.nio.ByteOrder.LITTLE_ENDIAN);
        header.put((byte) 1).put((byte) 0x84).putShort((short) 0xaaaa).putShort((short) 1448);
        header.putShort((short) 0xfff0).putShort((short) 0xfffe);
        long offload = Offload.ofHeader(header.getLong(0), header.getShort(8));
        assertThat(offload).isEqualTo(Offload.of(1, 0x84, 1448, 0xfff0, 0xfffe));
        assertThat(Offload.flags(offload)).isEqualTo(1);
        assertThat(Offload.gsoType(offload)).isEqualTo(Offload.GSO_TCPV6 | Offload.GSO_ECN);
        assertThat(Offload.gsoKind(offload)).isEqualTo(Offload.GSO_TCPV6);
        assertThat(Offload.gsoSize(offload)).isEqualTo(1448);
        assertThat(Offload.csumStart(offload)).isEqualTo(0xfff0);
        assertThat(Offload.csumOffset(offload)).isEqualTo(0xfffe);
        header.putShort(2, (short) 66);
        assertThat(Offload.headerWord(offload | Offload.FLAG_IPV6, 66)).isEqualTo(header.getLong(0));
    }

    @ParameterizedTest(name = "flags {0}")
    @CsvSource({"0", "2", "4", "8", "0xf6"})
    void flagsThatAskForNothingAreIgnored(String flags) {
        assertThat(accepts(frame(60), Offload.of(Integer.decode(flags), 0, 77, 9999, 9999)))
                .isTrue();
        assertThat(burst.offloads().any()).isFalse();
    }

    @Test
    void theKernelMayVouchForAChecksumAndAGuestMayNot() {
        TestFrames.add(burst, frame(60), new Random(7));
        assertThat(OffloadCheck.ofKernel().accept(burst, Offload.FLAG_DATA_VALID))
                .isTrue();
        assertThat(burst.offloads().of(0)).isEqualTo(Offload.FLAG_DATA_VALID);
        assertThat(OffloadSet.needs(burst.offloads().of(0))).isEqualTo(OffloadSet.NOTHING);
        assertThat(OffloadSet.visible(OffloadSet.NOTHING, burst.offloads().of(0)))
                .isEqualTo(Offload.NONE);
    }

    @ParameterizedTest(name = "start {0}, offset {1}, {2} bytes: {3}")
    @CsvSource({
        "34,    16,    60, true",
        "14,     0,    60, true",
        "42,    16,    60, true",
        "43,    16,    60, false", // CVE-2024-11614: one past the end
        "13,    16,    60, false",
        "0,      0,    60, false",
        "58,     0,    60, true",
        "59,     0,    60, false",
        "65535,  0,    60, false",
        "34, 65535,    60, false",
        "65535, 65535, 65550, false",
        "65535, 13,    65550, true",
        "14,     0,    15, false",
        "14,     0,    16, true",
    })
    void aChecksumMustLieWithinTheFrame(int start, int offset, int length, boolean accepted) {
        assertThat(accepts(frame(length), Offload.checksum(start, offset))).isEqualTo(accepted);
        assertThat(burst.offloads().any()).isEqualTo(accepted);
    }

    @ParameterizedTest(name = "EtherType {0}, start {1}: {2}")
    @CsvSource({"0x8100, 14, false", "0x8100, 18, true", "0x88a8, 17, false", "0x88a8, 18, true"})
    void aChecksumMustNotLieInTheTag(String type, int start, boolean accepted) {
        byte[] frame = frame(60);
        ByteBuffer.wrap(frame).putShort(12, Integer.decode(type).shortValue());
        assertThat(accepts(frame, Offload.checksum(start, 0))).isEqualTo(accepted);
    }

    static Stream<Arguments> lies() {
        return Stream.of(
                lie("gso_size 0", p -> p.offload(p.gsoType(), 0)),
                lie("without NEEDS_CSUM", p -> p.offload(p.gsoType(), 1000) & ~Offload.FLAG_NEEDS_CSUM),
                lie("an unknown type", p -> p.offload(2, 1000)),
                lie("a type of tunnels", p -> p.offload(p.gsoType() | 0x20, 1000)),
                lie("ECN without TCP", p -> p.offload(Offload.GSO_ECN, 1000)),
                lie("the other IP version", p -> p.offload(Offload.GSO_TCPV6, 1000)),
                lie("UFO of TCP", p -> p.offload(Offload.GSO_UDP, 1000)),
                lie("USO of TCP", p -> p.offload(Offload.GSO_UDP_L4, 1000)),
                lie("a checksum elsewhere", p -> Offload.of(NEEDS, p.gsoType(), 1000, p.transport() + 2, 16)),
                lie("a checksum of UDP", p -> Offload.of(NEEDS, p.gsoType(), 1000, p.transport(), 6)),
                lie("a checksum past the end", p -> Offload.of(NEEDS, p.gsoType(), 1000, 65_000, 16)),
                lie("more segments than anybody sends", p -> p.offload(p.gsoType(), 1)));
    }

    private static Arguments lie(String what, java.util.function.ToLongFunction<Packet> header) {
        return Arguments.of(what, header);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("lies")
    void aHeaderThatLiesIsRefused(String what, java.util.function.ToLongFunction<Packet> header) {
        for (long seed = 0; seed < 50; seed++) {
            Packet packet = TestPackets.random(new Random(seed), 4, true, 5000);
            assertThat(accepts(packet.frame(), packet.offload(Offload.GSO_TCPV4, 1000)))
                    .as("the truth")
                    .isTrue();
            assertThat(accepts(packet.frame(), header.applyAsLong(packet)))
                    .as("seed %d", seed)
                    .isFalse();
            assertThat(burst.offloads().any()).isFalse();
        }
    }

    static Stream<Arguments> forgeries() {
        return Stream.of(
                forgery("an IP header shorter than itself", 4, true, (p, f) -> f[p.network()] = 0x44),
                forgery("an IP header longer than the limit of the frame", 4, true, (p, f) -> f[p.network()] = 0x4f),
                forgery("version 5", 4, true, (p, f) -> f[p.network()] = 0x55),
                forgery("a fragment", 4, true, (p, f) -> f[p.network() + 7] = 9),
                forgery("more fragments to come", 4, true, (p, f) -> f[p.network() + 6] = 0x20),
                forgery("neither TCP nor UDP", 4, true, (p, f) -> f[p.network() + 9] = 47),
                forgery("an EtherType of neither IP", 4, true, (p, f) -> f[p.network() - 1] = 6),
                forgery("a TCP header shorter than itself", 4, true, (p, f) -> f[p.transport() + 12] = 0x40),
                forgery("version 4 in IPv6", 6, true, (p, f) -> f[p.network()] = 0x40),
                forgery("a fragment header", 6, true, (p, f) -> f[p.fragmentLink()] = 44),
                forgery("an extension longer than all headers", 6, true, (p, f) -> {
                    f[p.network() + 6] = 0;
                    f[p.network() + 41] = (byte) 0xff;
                }),
                forgery("a route of an unknown kind", 6, true, (p, f) -> {
                    f[p.network() + 6] = 43;
                    f[p.network() + 42] = 3;
                    f[p.network() + 43] = 1;
                }),
                forgery("an encrypted packet", 6, true, (p, f) -> f[p.fragmentLink()] = 50));
    }

    @FunctionalInterface
    interface Forger {
        void forge(Packet packet, byte[] frame);
    }

    private static Arguments forgery(String what, int version, boolean tcp, Forger forger) {
        return Arguments.of(what, version, tcp, forger);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forgeries")
    void aFrameThatIsNotWhatItsHeaderSaysIsRefused(String what, int version, boolean tcp, Forger forger) {
        for (long seed = 0; seed < 50; seed++) {
            Packet packet = TestPackets.random(new Random(seed), version, tcp, 3000);
            byte[] frame = packet.frame().clone();
            forger.forge(packet, frame);
            if (!java.util.Arrays.equals(frame, packet.frame())) {
                assertThat(accepts(frame, packet.offload(packet.gsoType(), 1000)))
                        .as("seed %d", seed)
                        .isFalse();
            }
        }
    }

    @Test
    void anIpHeaderShorterThanItselfIsRefusedThoughTheRequestAgreesWithIt() {
        byte[] frame = frame(2000);
        frame[14] = 0x44;
        ByteBuffer.wrap(frame).putShort(20, (short) 0);
        frame[23] = 6;
        frame[30 + 12] = 0x50; // a good TCP header where this one would end
        assertThat(accepts(frame, Offload.of(NEEDS, Offload.GSO_TCPV4, 1000, 30, 16)))
                .isFalse();
    }

    @Test
    void aUdpHeaderThatEndsBehindWhatIsLookedAtIsRefused() {
        byte[] frame = frame(3000);
        ByteBuffer.wrap(frame).putShort(12, (short) 0x86dd).put(14, (byte) 0x60);
        frame[20] = 0; // a hop-by-hop header of 456 bytes, and then UDP
        frame[54] = 17;
        frame[55] = 56;
        assertThat(accepts(frame, Offload.of(NEEDS, Offload.GSO_UDP_L4, 1000, 510, 6)))
                .isFalse();
    }

    @ParameterizedTest(name = "type {0}, gso_size {1}: {2}")
    @CsvSource({
        "3,    8,     true",
        "3,    7,     false", // no fragment but the last is shorter
        "3,    65023, true",
        "3,    65024, false", // with headers before it, longer than a packet can be
        "0x83, 1000,  false", // congestion is TCP's
        "5,    1000,  true",
        "0x85, 1000,  false",
    })
    void aDatagramIsCutOnlyAsDatagramsCanBe(String type, int size, boolean accepted) {
        Packet packet = TestPackets.random(new Random(1), 4, false, 3000);
        assertThat(accepts(packet.frame(), packet.offload(Integer.decode(type), size)))
                .isEqualTo(accepted);
    }

    @Test
    void aPacketLongerThanItsHeaderCanSayIsRefused() {
        Packet headers = TestPackets.random(new Random(UNTAGGED), 4, true, 0);
        int most = headers.network() + 65_535 - headers.end();
        for (int more = 0; more < 2; more++) {
            Packet packet = TestPackets.random(new Random(UNTAGGED), 4, true, most + more);
            assertThat(packet.frame().length).isLessThanOrEqualTo(EthernetDescriptor.MAX_FRAME_BYTES);
            assertThat(accepts(packet.frame(), packet.offload(Offload.GSO_TCPV4, 1448)))
                    .isEqualTo(more == 0);
        }
    }

    @ParameterizedTest(name = "IPv{0}")
    @CsvSource({"4", "6"})
    void headersThatEndBeforeTheyAreCompleteAreRefused(int version) {
        for (long seed = 0; seed < 50; seed++) {
            Packet packet = TestPackets.random(new Random(seed), version, true, 0);
            for (int length = 16; length <= packet.end(); length++) {
                byte[] shorter = java.util.Arrays.copyOf(packet.frame(), length);
                assertThat(accepts(shorter, packet.offload(packet.gsoType(), 1000)))
                        .as("seed %d, %d bytes of %d", seed, length, packet.end())
                        .isEqualTo(length == packet.end());
            }
        }
    }

    @Test
    void whatWasNotNegotiatedIsRefused() {
        Packet packet = TestPackets.random(new Random(1), 4, true, 3000);
        int[] sets = {OffloadSet.CSUM, OffloadSet.CSUM | OffloadSet.TSO6 | OffloadSet.USO4 | OffloadSet.ECN};
        for (int set : sets) {
            burst.clear();
            TestFrames.add(burst, packet.frame(), new Random(7));
            assertThat(OffloadCheck.ofGuest(set).accept(burst, packet.offload(Offload.GSO_TCPV4, 1000)))
                    .isFalse();
        }
        burst.clear();
        TestFrames.add(burst, packet.frame(), new Random(7));
        OffloadCheck withoutEcn = OffloadCheck.ofGuest(OffloadSet.CSUM | OffloadSet.TSO4);
        assertThat(withoutEcn.accept(burst, packet.offload(Offload.GSO_TCPV4 | Offload.GSO_ECN, 1000)))
                .isFalse();
    }

    @Test
    void aChecksumThatWasNotNegotiatedIsRefused() {
        TestFrames.add(burst, frame(60), new Random(7));
        assertThat(OffloadCheck.ofGuest(OffloadSet.NOTHING).accept(burst, Offload.checksum(34, 16)))
                .isFalse();
    }

    @ParameterizedTest(name = "type {0}, IPv{1}, TCP {2}: needs {3}")
    @CsvSource({
        "1,    4, true,  3",
        "0x81, 4, true,  11",
        "4,    6, true,  5",
        "3,    4, false, 17",
        "3,    6, false, 17",
        "5,    4, false, 33",
        "5,    6, false, 65",
    })
    void eachTypeNeedsItsOwnFeatures(String type, int version, boolean tcp, int needs) {
        Packet packet = TestPackets.random(new Random(1), version, tcp, 3000);
        assertThat(accepts(packet.frame(), packet.offload(Integer.decode(type), 1000)))
                .isTrue();
        assertThat(OffloadSet.needs(burst.offloads().of(0))).isEqualTo(needs);
    }

    @Test
    void noHeaderAndNoFrameMakesTheCheckOrTheWorkFail() {
        Consumer<Long> round = seed -> {
            Random random = new Random(seed);
            Packet packet = TestPackets.random(
                    random, random.nextBoolean() ? 4 : 6, random.nextBoolean(), random.nextInt(3000));
            byte[] frame = packet.frame();
            for (int i = random.nextInt(4); i > 0; i--) {
                frame[random.nextInt(Math.min(frame.length, packet.end() + 1))] = (byte) random.nextInt();
            }
            long header = random.nextInt(4) == 0
                    ? random.nextLong()
                    : packet.offload(random.nextInt(7), 1 + random.nextInt(2000)) ^ 1L << random.nextInt(200);
            if (accepts(frame, header) && burst.offloads().any()) {
                burst.offloads().software().start(burst, 0);
                int frames = 0;
                while (burst.offloads().software().next()) {
                    frames++;
                }
                assertThat(frames).isEqualTo(1 + burst.offloads().extraFrames());
            }
        };
        for (long seed = 0; seed < 5_000; seed++) {
            long tried = seed;
            assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> round.accept(tried)))
                    .as("seed %d", seed)
                    .isNull();
        }
    }
}
