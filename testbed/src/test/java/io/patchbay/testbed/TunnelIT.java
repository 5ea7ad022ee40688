package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.json.JsonMapper;

/**
 * Two stacks with a VXLAN tunnel between them that crosses the switch: what the far one puts into it and leaves to be segmented, the switch segments.
 *
 * <pre>
 *   10.84.0.1 ── vxlan ── pbtuf ── pbtu0 ── raw socket ─ switch ─ raw socket ── pbtu1 ── pbtun ── vxlan ── 10.84.0.2
 *             namespace pbtuf                                   or tap                   namespace pbtun
 * </pre>
 */
class TunnelIT {

    private static final Logger LOG = LoggerFactory.getLogger(TunnelIT.class);
    /** What tcpdump says of a wrong checksum or length, or of a frame longer than the wire takes. */
    private static final Pattern WRONG =
            Pattern.compile("\\(incorrect|bad cksum|bad udp cksum 0x(?!0000)|truncated|mismatch"
                    + "|, length (151[5-9]|15[2-9]\\d|1[6-9]\\d\\d|[2-9]\\d{3}|\\d{5}):");

    private static final int BYTES = 4 << 20;

    private Namespace far;
    private Namespace near;
    private Cable farCable;

    @BeforeEach
    void layCable() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("ip", "ethtool", "iperf3", "busybox", "nstat", "tcpdump");
        far = new Namespace("pbtuf");
        near = new Namespace("pbtun");
        farCable = Cable.lay("pbtu0", far, "pbtuf");
    }

    @AfterEach
    void cut() throws Exception {
        farCable.close();
        far.close();
        near.close();
    }

    private static String rawSocket(String name, String device) {
        return "{\"name\":\"%s\",\"type\":\"raw-socket\",\"interface\":\"%s\"}".formatted(name, device);
    }

    /** The wire's end and a tunnel to the other one's. */
    private static void join(Namespace side, String device, int outer, int own, int other, boolean checksum)
            throws Exception {
        String underlay = outer == 4 ? "10.83.0." : "fd83::";
        String checksums =
                outer == 4 ? checksum ? "udpcsum" : "noudpcsum" : checksum ? "" : "udp6zerocsumtx udp6zerocsumrx";
        side.run("sysctl -qw net.ipv6.conf." + device + ".disable_ipv6=0 && ip link set " + device + " arp on up"
                + " && ip address add 10.83.0." + own + "/24 dev " + device
                + " && ip address add fd83::" + own + "/64 dev " + device + " nodad"
                + " && ip link add vxlan0 mtu 1400 type vxlan id 42 dstport 4789 local " + underlay + own
                + " remote " + underlay + other + " " + checksums
                + " && ip address add 10.84.0." + own + "/24 dev vxlan0"
                + " && ip address add fd84::" + own + "/64 dev vxlan0 nodad && ip link set vxlan0 up");
    }

    @ParameterizedTest(name = "over IPv{0}, checksum of UDP {1}")
    @CsvSource({"4, false", "4, true", "6, false", "6, true"})
    void whatIsInATunnelIsSegmentedByTheSwitchAndEveryChecksumIsRight(int outer, boolean checksum) throws Exception {
        Path capture = Files.createTempFile("patchbay", ".pcap");
        try (Cable nearCable = Cable.lay("pbtu1", near, "pbtun");
                SwitchUnderTest patchbay = SwitchUnderTest.start(
                        List.of(rawSocket("far", "pbtu0"), rawSocket("near", "pbtu1")), "adaptive")) {
            // What the near side receives has crossed a device that does nothing for it, so the kernel has finished it
            // by then.
            Shell.run("ethtool -K pbtu1 tx off tso off gso off >/dev/null");
            join(far, "pbtuf", outer, 1, 2, checksum);
            join(near, "pbtun", outer, 2, 1, checksum);
            List<String> wrong = checksumErrors();
            near.run("tcpdump -Z root -Q in -U -s 0 -c 6000 -i pbtun -w " + capture + " >/dev/null 2>&1 & sleep 0.5");
            for (String address : List.of("10.84.0.2", "fd84::2")) {
                send(address);
            }
            assertThat(patchbay.dropped("far", "bad_offload")).isZero();
            measure("raw socket, IPv" + outer + ", checksum " + checksum, "");
            assertThat(checksumErrors()).isEqualTo(wrong);
            assertThat(patchbay.totals().balance()).isTrue();
            List<String> seen = Shell.run("tcpdump -nn -e -vv -r " + capture + " 2>/dev/null")
                    .lines()
                    .toList();
            assertThat(seen).isNotEmpty().noneMatch(line -> WRONG.matcher(line).find());
            // Of UDP over IPv6 tcpdump says that it must have a checksum, as it must but for tunnels (RFC 6935).
            String none = outer == 4 ? "[no cksum] VXLAN" : "[bad udp cksum 0x0000 ";
            String outside = checksum ? "[udp sum ok] VXLAN" : none;
            assertThat(seen.stream().filter(line -> line.contains(outside))).hasSizeGreaterThan(2000);
            for (String address : List.of("10.84.0.2.9000", "fd84::2.9000")) {
                assertThat(seen.stream().filter(line -> line.contains("> " + address) && line.contains("(correct)")))
                        .hasSizeGreaterThan(1000);
            }
        } finally {
            Files.delete(capture);
        }
    }

    @ParameterizedTest(name = "over IPv{0}, checksum of UDP {1}")
    @CsvSource({"4, false", "4, true", "6, false", "6, true"})
    void aStackBehindATapTalksThroughTheTunnel(int outer, boolean checksum) throws Exception {
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(
                List.of(
                        rawSocket("far", "pbtu0"),
                        "{\"name\":\"near\",\"type\":\"tap\",\"device\":\"pbtun\",\"namespace\":\"/run/netns/pbtun\"}"),
                "adaptive")) {
            join(far, "pbtuf", outer, 1, 2, checksum);
            join(near, "pbtun", outer, 2, 1, checksum);
            List<String> wrong = checksumErrors();
            for (String address : List.of("10.84.0.2", "fd84::2")) {
                send(address);
            }
            assertThat(patchbay.dropped("far", "bad_offload")).isZero();
            measure("tap, IPv" + outer + ", checksum " + checksum, "");
            measure("tap, IPv" + outer + ", checksum " + checksum + ", the other way", " -R");
            assertThat(checksumErrors()).isEqualTo(wrong);
            assertThat(patchbay.totals().balance()).isTrue();
        }
    }

    private void send(String address) throws Exception {
        Path sent = Files.createTempFile("patchbay", ".sent");
        Path got = Files.createTempFile("patchbay", ".got");
        Shell.run("head -c " + BYTES + " /dev/urandom > " + sent);
        near.run("timeout 50 busybox nc -l -p 9000 -e sh -c \"cat > " + got + "\" >/dev/null 2>&1 & echo $! > " + got
                + ".pid; sleep 0.5");
        far.run("timeout 50 busybox nc " + address + " 9000 < " + sent);
        Shell.run("while kill -0 $(cat " + got + ".pid) 2>/dev/null; do sleep 0.05; done; rm " + got + ".pid");
        assertThat(Files.mismatch(sent, got)).as("the first byte that is wrong").isNegative();
        Files.delete(sent);
        Files.delete(got);
    }

    private void measure(String what, String options) throws Exception {
        near.run("iperf3 -s -1 -D && until ss -tln | grep -q :5201; do sleep 0.1; done");
        String report = far.run("iperf3 -J -c 10.84.0.2 -t 2" + options);
        assertThat(report).satisfies(Iperf::wentWell);
        double rate = JsonMapper.shared()
                .readTree(report)
                .get("end")
                .get("sum_received")
                .get("bits_per_second")
                .doubleValue();
        LOG.info("through a tunnel: {}: {} Mbit/s", what, Math.round(rate / 1e6));
    }

    /** What both stacks have found wrong so far. A tunnel that is not up on one side yet has a datagram without a checksum be counted there. */
    private List<String> checksumErrors() throws Exception {
        String counters = "nstat -asz TcpInCsumErrors UdpInCsumErrors Udp6InCsumErrors IpInHdrErrors Ip6InHdrErrors";
        return List.of(near.run(counters), far.run(counters));
    }
}
