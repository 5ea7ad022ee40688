package io.patchbay.core.frame;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.TestPackets.Packet;
import io.patchbay.core.frame.TestTunnel.Kind;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Packets that the kernel has put into a tunnel and left to be segmented: of the tunnel it says nothing. */
class TunnelOffloadTest {

    private static final int ROUNDS = 200;

    private final Burst burst = new Burst();
    private final OffloadCheck check = OffloadCheck.ofKernel();

    private boolean accepts(byte[] frame, long header) {
        burst.clear();
        TestFrames.add(burst, frame, new Random(7));
        return check.accept(burst, header);
    }

    private List<byte[]> output() {
        SoftwareOffload software = burst.offloads().software();
        software.start(burst, 0);
        List<byte[]> frames = new ArrayList<>();
        while (software.next()) {
            MemorySegment copy = Arena.ofAuto().allocate(software.out().length(0));
            software.out().copyFrame(0, copy, 0);
            frames.add(copy.toArray(ValueLayout.JAVA_BYTE));
        }
        return frames;
    }

    static Stream<Arguments> tunnels() {
        List<Arguments> all = new ArrayList<>();
        for (Kind kind : Kind.values()) {
            for (int outer : new int[] {4, 6}) {
                for (int inner : new int[] {4, 6}) {
                    all.add(Arguments.of(kind, outer, inner, false));
                    if (kind != Kind.IP_IN_IP) {
                        all.add(Arguments.of(kind, outer, inner, true));
                    }
                }
            }
        }
        return all.stream();
    }

    @ParameterizedTest(name = "{0} over IPv{1}, IPv{2} inside, checksum {3}")
    @MethodSource("tunnels")
    void segmentsAreThoseOfTheReferenceInTheSameTunnel(Kind kind, int outer, int inner, boolean checksum) {
        for (long seed = 0; seed < ROUNDS; seed++) {
            Random random = new Random(seed);
            TestTunnel tunnel = new TestTunnel(random, kind, outer, checksum);
            Packet packet = TestPackets.random(random, inner, random.nextInt(4) != 0, random.nextInt(9000));
            int size = 8 + random.nextInt(3000);
            assertThat(accepts(tunnel.whole(packet), tunnel.offload(packet, packet.gsoType(), size)))
                    .as("seed %d", seed)
                    .isTrue();
            List<byte[]> expected = tunnel.segments(packet, size);
            assertThat(output()).as("seed %d", seed).containsExactlyElementsOf(expected);
            assertThat(burst.offloads().extraFrames()).as("seed %d", seed).isEqualTo(expected.size() - 1);
        }
    }

    @ParameterizedTest
    @EnumSource
    void noReceiverTakesThemWhole(Kind kind) {
        Packet packet = TestPackets.random(new Random(1), 4, true, 5000);
        TestTunnel tunnel = new TestTunnel(new Random(1), kind, 4, false);
        assertThat(accepts(tunnel.whole(packet), tunnel.offload(packet, Offload.GSO_TCPV4, 1000)))
                .isTrue();
        assertThat(OffloadSet.suffices(OffloadSet.ALL, burst.offloads().of(0))).isFalse();
    }

    @ParameterizedTest
    @EnumSource
    void aGuestMayNotAskForIt(Kind kind) {
        Packet packet = TestPackets.random(new Random(1), 4, true, 5000);
        TestTunnel tunnel = new TestTunnel(new Random(1), kind, 4, false);
        TestFrames.add(burst, tunnel.whole(packet), new Random(7));
        assertThat(OffloadCheck.ofGuest(OffloadSet.ALL).accept(burst, tunnel.offload(packet, Offload.GSO_TCPV4, 1000)))
                .isFalse();
    }

    @Test
    void packetsInATunnelAreNotCutIntoFragments() {
        Packet packet = TestPackets.random(new Random(1), 4, false, 5000);
        TestTunnel tunnel = new TestTunnel(new Random(1), Kind.VXLAN, 4, false);
        assertThat(accepts(tunnel.whole(packet), tunnel.offload(packet, Offload.GSO_UDP_L4, 1000)))
                .isTrue();
        assertThat(accepts(tunnel.whole(packet), tunnel.offload(packet, Offload.GSO_UDP, 1000)))
                .isFalse();
    }

    @Test
    void aPacketInATunnelLongerThanAnyPacketIsRefused() {
        Random random = new Random(1);
        TestTunnel tunnel = new TestTunnel(random, Kind.VXLAN, 4, false);
        int headers =
                tunnel.inside() + TestPackets.random(new Random(2), 4, true, 0).frame().length;
        int longest = 65_535 + tunnel.network() - headers;
        for (int more : new int[] {0, 1}) {
            Packet packet = TestPackets.random(new Random(2), 4, true, longest + more);
            assertThat(accepts(tunnel.whole(packet), tunnel.offload(packet, Offload.GSO_TCPV4, 1000)))
                    .isEqualTo(more == 0);
        }
    }

    @FunctionalInterface
    interface Forger {
        void forge(TestTunnel tunnel, byte[] frame);
    }

    static Stream<Arguments> forgeries() {
        return Stream.of(
                forgery("a fragment outside", Kind.VXLAN, (t, f) -> f[t.network() + 7] = 9),
                forgery("TCP outside", Kind.VXLAN, (t, f) -> f[t.network() + 9] = 6),
                forgery("neither of the tunnels outside", Kind.VXLAN, (t, f) -> f[t.network() + 9] = 50),
                forgery("an EtherType of neither IP", Kind.VXLAN, (t, f) -> f[t.network() - 1] = 6),
                forgery("GRE whose packets are numbered", Kind.GRE, (t, f) -> f[t.transport()] |= 0x10),
                forgery("GRE of another version", Kind.GRE, (t, f) -> f[t.transport() + 1] |= 1),
                forgery("IPv6 said to be in IP and IPv4 there", Kind.IP_IN_IP, (t, f) -> f[t.network() + 9] = 41),
                forgery("a header that reaches into the packet in IP", Kind.IP_IN_IP, (t, f) -> f[t.network()]++));
    }

    private static Arguments forgery(String what, Kind kind, Forger forger) {
        return Arguments.of(what, kind, forger);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("forgeries")
    void aFrameThatIsNoTunnelsIsRefused(String what, Kind kind, Forger forger) {
        for (long seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            TestTunnel tunnel = new TestTunnel(random, kind, 4, false);
            Packet packet = TestPackets.random(random, 4, true, 3000);
            byte[] frame = tunnel.whole(packet);
            long offload = tunnel.offload(packet, Offload.GSO_TCPV4, 1000);
            assertThat(accepts(frame, offload)).as("the truth").isTrue();
            forger.forge(tunnel, frame);
            assertThat(accepts(frame, offload)).as("seed %d", seed).isFalse();
            assertThat(burst.offloads().any()).isFalse();
        }
    }

    @ParameterizedTest(name = "IPv{0}")
    @CsvSource({"4", "6"})
    void aPacketThatIsNotAsLongAsItSaysIsRefused(int inner) {
        for (long seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            TestTunnel tunnel = new TestTunnel(random, Kind.VXLAN, 4, false);
            Packet packet = TestPackets.random(random, inner, true, 3000);
            packet.frame()[packet.network() + (inner == 4 ? 3 : 5)]++;
            assertThat(accepts(tunnel.whole(packet), tunnel.offload(packet, packet.gsoType(), 1000)))
                    .as("seed %d", seed)
                    .isFalse();
        }
    }

    @Test
    void headersThatEndBeforeTheyAreCompleteAreRefused() {
        for (long seed = 0; seed < 50; seed++) {
            Random random = new Random(seed);
            TestTunnel tunnel = new TestTunnel(random, Kind.values()[(int) seed % 4], 4 + 2 * random.nextInt(2), true);
            Packet packet = TestPackets.random(random, 6, true, 0);
            byte[] frame = tunnel.whole(packet);
            for (int length = 16; length < frame.length; length++) {
                assertThat(accepts(
                                java.util.Arrays.copyOf(frame, length),
                                tunnel.offload(packet, Offload.GSO_TCPV6, 1000)))
                        .as("seed %d, %d bytes of %d", seed, length, frame.length)
                        .isFalse();
            }
        }
    }

    @Test
    void noFrameMakesTheCheckOrTheWorkFail() {
        for (long seed = 0; seed < 5_000; seed++) {
            Random random = new Random(seed);
            Kind kind = Kind.values()[random.nextInt(4)];
            TestTunnel tunnel = new TestTunnel(random, kind, 4 + 2 * random.nextInt(2), random.nextBoolean());
            Packet packet =
                    TestPackets.random(random, 4 + 2 * random.nextInt(2), random.nextInt(4) != 0, random.nextInt(3000));
            byte[] frame = tunnel.whole(packet);
            for (int i = random.nextInt(4); i > 0; i--) {
                frame[random.nextInt(Math.min(frame.length, tunnel.inside() + packet.end()))] = (byte) random.nextInt();
            }
            long header = tunnel.offload(packet, packet.gsoType(), 1 + random.nextInt(2000));
            header ^= random.nextInt(4) == 0 ? 1L << random.nextInt(64) : 0;
            if (accepts(frame, header) && burst.offloads().any()) {
                assertThat(output())
                        .as("seed %d", seed)
                        .hasSize(1 + burst.offloads().extraFrames());
            }
        }
    }
}
