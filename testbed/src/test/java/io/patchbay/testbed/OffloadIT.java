package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Guests whose drivers leave checksums and segmentation to the switch, among themselves, with one that does without, and with a host: what is
 * sent arrives, and every checksum that somebody verifies is right.
 */
class OffloadIT {

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int LARGEST_LINK_FRAME = 1514;
    private static final String NOTHING =
            ",csum=off,gso=off,guest_csum=off,guest_tso4=off,guest_tso6=off,guest_ecn=off,"
                    + "guest_ufo=off,host_tso4=off,host_tso6=off,host_ecn=off,host_ufo=off";
    private static final QemuGuest.Options PLAIN = new QemuGuest.Options("reconnect=1", "", NOTHING);
    private static final QemuGuest.Options TAKES_NO_SEGMENTS =
            new QemuGuest.Options("reconnect=1", "", ",guest_tso4=off,guest_tso6=off,guest_ecn=off,guest_ufo=off");
    private static final QemuGuest.Options FINISHES_ITS_OWN = new QemuGuest.Options(
            "reconnect=1", "", ",csum=off,gso=off,host_tso4=off,host_tso6=off,host_ecn=off,host_ufo=off");
    private static final Pattern HASH = Pattern.compile("\\b[0-9a-f]{64}\\b");

    @BeforeEach
    void peers() {
        Peers.needRoot();
        Peers.needPrograms(
                "qemu-system-x86_64",
                "iperf3",
                "perl",
                "busybox",
                "cpio",
                "dpkg-deb",
                "ip",
                "ethtool",
                "tcpdump",
                "sha256sum");
    }

    @Test
    void whatIsSentArrivesWhateverEachSideLeavesToOthers() throws Exception {
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(5, List.of("pbto0"), "adaptive");
                Namespace host = new Namespace("pbto");
                Namespace far = new Namespace("pbtf");
                QemuGuest able = QemuGuest.start(patchbay.socket(0), "02:00:00:00:02:00", "10.78.0.10");
                QemuGuest equal = QemuGuest.start(patchbay.socket(1), "02:00:00:00:02:01", "10.78.0.11");
                QemuGuest plain = QemuGuest.start(patchbay.socket(2), "02:00:00:00:02:02", "10.78.0.12", PLAIN);
                QemuGuest noSegments =
                        QemuGuest.start(patchbay.socket(3), "02:00:00:00:02:03", "10.78.0.13", TAKES_NO_SEGMENTS);
                QemuGuest ownChecksums =
                        QemuGuest.start(patchbay.socket(4), "02:00:00:00:02:04", "10.78.0.14", FINISHES_ITS_OWN)) {
            List<QemuGuest> guests = List.of(able, equal, plain, noSegments, ownChecksums);
            connect(host, far);
            Path capture = Files.createTempFile("patchbay", ".pcap");
            far.run("tcpdump -Z root -Q in -U -s 0 -c 3000 -i pbtv1 -w " + capture + " tcp >/dev/null 2>&1 &");
            for (QemuGuest guest : guests) {
                guest.awaitBoot();
                guest.run("dd if=/dev/urandom of=/tmp/sent bs=64k count=32 2>/dev/null", SOON);
            }
            assertThat(features(able))
                    .as("CSUM, GUEST_CSUM, GUEST_TSO4, HOST_TSO4")
                    .contains(0, 1, 7, 11);
            assertThat(features(plain)).doesNotContain(0, 1, 7, 11);
            assertThat(features(noSegments)).contains(0, 1, 11).doesNotContain(7);
            assertThat(features(ownChecksums)).contains(1, 7).doesNotContain(0, 11);

            // Segments reach a guest that takes them as one frame. How long TCP makes them depends on how busy
            // this machine is, but an average longer than any frame of a link takes some that came whole.
            assertThat(averageReceived(equal, () -> send(able, equal, "10.78.0.11")))
                    .isGreaterThan(LARGEST_LINK_FRAME);
            assertThat(averageReceived(plain, () -> send(able, plain, "10.78.0.12")))
                    .isLessThan(LARGEST_LINK_FRAME);
            send(plain, able, "10.78.0.10");
            assertThat(averageReceived(noSegments, () -> send(able, noSegments, "10.78.0.13")))
                    .isLessThan(LARGEST_LINK_FRAME);
            send(noSegments, able, "10.78.0.10");
            send(ownChecksums, noSegments, "10.78.0.13");
            send(noSegments, ownChecksums, "10.78.0.14");
            send(ownChecksums, plain, "10.78.0.12");
            send(plain, ownChecksums, "10.78.0.14");
            // One of each kind to another, so that every kind sends and receives.
            sendDatagrams(able, equal, "10.78.0.11");
            sendDatagrams(equal, plain, "10.78.0.12");
            sendDatagrams(plain, noSegments, "10.78.0.13");
            sendDatagrams(noSegments, ownChecksums, "10.78.0.14");
            sendDatagrams(ownChecksums, able, "10.78.0.10");
            for (QemuGuest guest : guests) {
                assertThat(checksumErrors(guest)).isZero();
            }
            sendToHost(able, far);
            sendToHost(plain, far);
            assertThat(averageReceived(equal, () -> sendFromHost(far, equal, "10.78.0.11")))
                    .isGreaterThan(LARGEST_LINK_FRAME);
            assertThat(averageReceived(plain, () -> sendFromHost(far, plain, "10.78.0.12")))
                    .isLessThan(LARGEST_LINK_FRAME);
            assertThat(patchbay.totals().received()).isPositive();

            String seen = Shell.run("sleep 1; tcpdump -nn -vv -r " + capture + " 2>/dev/null");
            assertThat(seen).contains("(correct)");
            assertThat(seen.lines().filter(line -> line.contains("(incorrect"))).isEmpty();
            Files.delete(capture);
        }
    }

    /**
     * The host's bridge between our tap and a far host's cable. What the far host receives crosses a device that does nothing for it, so the
     * kernel has finished it by then.
     */
    private static void connect(Namespace host, Namespace far) throws Exception {
        Shell.run("ip link set pbto0 netns pbto");
        host.run("ip link add br0 type bridge && ip link add pbtv0 type veth peer name pbtv1 netns pbtf"
                + " && ip link set pbto0 master br0 up && ip link set pbtv0 master br0 up && ip link set br0 up"
                + " && ethtool -K pbtv0 tx off > /dev/null");
        far.run("ip address add 10.78.0.1/24 dev pbtv1 && ip link set pbtv1 up");
    }

    private interface Transfer {
        void run() throws Exception;
    }

    private static void send(QemuGuest from, QemuGuest to, String address) throws Exception {
        to.run("nc -l -p 9000 -e sh -c \"cat > /tmp/got\" & sleep 0.5", SOON);
        from.run("nc " + address + " 9000 < /tmp/sent", SOON);
        assertThat(hash(to.run("wait; sha256sum /tmp/got", SOON)))
                .isEqualTo(hash(from.run("sha256sum /tmp/sent", SOON)));
    }

    /** By datagrams of up to 4000 bytes, in fragments if need be, and their confirmations the other way. */
    private static void sendDatagrams(QemuGuest from, QemuGuest to, String address) throws Exception {
        from.run("dd if=/tmp/sent of=/tmp/few bs=1024 count=300 2>/dev/null", SOON);
        to.run("udp-receive 9010 > /tmp/got & sleep 0.3", SOON);
        from.run("udp-send " + address + " 9010 < /tmp/few", SOON);
        assertThat(hash(to.run("wait; sha256sum /tmp/got", SOON)))
                .isEqualTo(hash(from.run("sha256sum /tmp/few", SOON)));
    }

    private static void sendToHost(QemuGuest from, Namespace host) throws Exception {
        Path file = Files.createTempFile("patchbay", ".data");
        host.run("timeout 50 busybox nc -l -p 9002 -e sh -c \"cat > " + file + "\" >/dev/null 2>&1 &");
        from.run("sleep 0.5; nc 10.78.0.1 9002 < /tmp/sent", SOON);
        assertThat(hash(Shell.run("sleep 0.5; sha256sum " + file)))
                .isEqualTo(hash(from.run("sha256sum /tmp/sent", SOON)));
        Files.delete(file);
    }

    private static void sendFromHost(Namespace host, QemuGuest to, String address) throws Exception {
        Path file = Files.createTempFile("patchbay", ".data");
        Shell.run("head -c 4M /dev/urandom > " + file);
        to.run("nc -l -p 9003 -e sh -c \"cat > /tmp/got\" & sleep 0.5", SOON);
        host.run("timeout 50 busybox nc " + address + " 9003 < " + file);
        assertThat(hash(to.run("wait; sha256sum /tmp/got", SOON))).isEqualTo(hash(Shell.run("sha256sum " + file)));
        Files.delete(file);
    }

    private static String hash(String printed) {
        Matcher matcher = HASH.matcher(printed);
        assertThat(matcher.find()).as(printed).isTrue();
        return matcher.group();
    }

    /** Numbers of the features the guest's driver has negotiated. */
    private static List<Integer> features(QemuGuest guest) throws Exception {
        String bits = guest.run("cat /sys/class/net/eth0/device/features", SOON);
        Matcher matcher = Pattern.compile("\\b[01]{64}\\b").matcher(bits);
        assertThat(matcher.find()).as(bits).isTrue();
        String found = matcher.group();
        return java.util.stream.IntStream.range(0, 64)
                .filter(i -> found.charAt(i) == '1')
                .boxed()
                .toList();
    }

    private static double averageReceived(QemuGuest guest, Transfer transfer) throws Exception {
        long bytes = statistic(guest, "rx_bytes");
        long packets = statistic(guest, "rx_packets");
        transfer.run();
        return (double) (statistic(guest, "rx_bytes") - bytes) / (statistic(guest, "rx_packets") - packets);
    }

    private static long statistic(QemuGuest guest, String name) throws Exception {
        return number(guest.run("echo V=$(cat /sys/class/net/eth0/statistics/" + name + ")", SOON));
    }

    /** Of TCP and UDP together. */
    private static long checksumErrors(QemuGuest guest) throws Exception {
        // The last field of Tcp, and the seventh of Udp, is InCsumErrors.
        return number(guest.run(
                "echo V=$(($(grep ^Tcp: /proc/net/snmp | tail -n 1 | sed \"s/.* //\") + "
                        + "$(grep ^Udp: /proc/net/snmp | tail -n 1 | cut -d \" \" -f 8)))",
                SOON));
    }

    private static long number(String printed) {
        Matcher matcher = Pattern.compile("\\bV=(\\d+)").matcher(printed);
        assertThat(matcher.find()).as(printed).isTrue();
        return Long.parseLong(matcher.group(1));
    }
}
