package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.control.DaemonException;
import io.patchbay.core.linux.MacvtapFiles;
import io.patchbay.core.linux.NetNamespace;
import io.patchbay.core.linux.TapFile;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** A macvtap on one end of a cable whose other end is in a namespace; behind the switch, a tap in another. */
class MacvtapIT {

    private Namespace far;
    private Namespace near;

    @BeforeEach
    void cable() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("ip", "ping", "iperf3", "nstat", "ethtool");
        far = new Namespace("pbmvf");
        near = new Namespace("pbmvn");
        Shell.run("ip link add pbmv type veth peer name pbmvp netns pbmvf && ip link set pbmv up"
                + " && sysctl -qw net.ipv6.conf.pbmv.disable_ipv6=1");
        makeMacvtap();
    }

    private static void makeMacvtap() throws Exception {
        makeMacvtap("pbmv", "");
    }

    private static void makeMacvtap(String below, String where) throws Exception {
        // passthru: frames of all addresses behind the switch, not only of the device's own.
        Shell.run("ip link add link " + below + " name pbmv0 " + where + " type macvtap mode passthru");
    }

    @AfterEach
    void cut() throws Exception {
        far.close();
        near.close();
        Shell.run("ip link del pbmv0 2>/dev/null; ip link del pbmv 2>/dev/null; true");
    }

    private static final String MACVTAP = "{\"name\":\"wire\",\"type\":\"macvtap\",\"interface\":\"pbmv0\"%s}";
    private static final String TAP =
            "{\"name\":\"tap\",\"type\":\"tap\",\"device\":\"pbmvt\",\"namespace\":\"/run/netns/pbmvn\"%s}";

    private static final String IN_PBMVM = ",\"namespace\":\"/run/netns/pbmvm\"";

    private static SwitchUnderTest start(String more, int workers) throws Exception {
        return SwitchUnderTest.start(List.of(MACVTAP.formatted(more), TAP.formatted(more)), "adaptive", workers);
    }

    private void addresses() throws Exception {
        far.run("ip address add 10.76.0.1/24 dev pbmvp; ip link set pbmvp up");
        near.run("ip address add 10.76.0.2/24 dev pbmvt");
    }

    @ParameterizedTest(name = "MTU {0}, far offloads {1}, {2} workers")
    @CsvSource({"1500, on, 1", "1500, off, 1", "9000, on, 2"})
    void twoStacksTalkThroughMacvtapAndTap(int mtu, String offloads, int workers) throws Exception {
        Shell.run("ip link set pbmv mtu " + mtu);
        far.run("ip link set pbmvp mtu " + mtu + "; ethtool -K pbmvp tx " + offloads + " tso " + offloads + " gso "
                + offloads + " >/dev/null");
        try (SwitchUnderTest patchbay = start(",\"mtu\":" + mtu, workers)) {
            addresses();
            assertThat(far.run("ping -c 3 -i 0.05 -s " + (mtu - 28) + " -M do 10.76.0.2"))
                    .contains(" 0% packet loss");
            near.run("iperf3 -s -D");
            for (String run : List.of("-t 1 -P 4", "-t 1 -R", "-t 1 -u -b 40M -l 1300")) {
                assertThat(far.run("iperf3 -J -c 10.76.0.2 " + run)).as(run).satisfies(Iperf::wentWell);
            }
            for (Namespace side : List.of(near, far)) {
                assertThat(side.run("nstat -asz TcpInCsumErrors UdpInCsumErrors"))
                        .containsPattern("TcpInCsumErrors +0 ")
                        .containsPattern("UdpInCsumErrors +0 ");
            }
            assertThat(patchbay.dropped("tap", "oversize") + patchbay.dropped("wire", "oversize"))
                    .isZero();
        }
    }

    @Test
    void aDeviceDeletedUnderThePortIsNoticedAndTakenAgainWhenItReturns() throws Exception {
        try (SwitchUnderTest patchbay = start("", 1)) {
            addresses();
            assertThat(far.run("ping -c 3 -i 0.05 10.76.0.2")).contains(" 0% packet loss");
            Shell.run("ip link del pbmv0");
            patchbay.awaitStatus("wire", "down: macvtap device pbmv0 has gone");
            makeMacvtap();
            patchbay.awaitStatus("wire", "up: macvtap device pbmv0 is up");
            assertThat(far.run("ping -c 3 -i 0.05 10.76.0.2")).contains(" 0% packet loss");
        }
    }

    @Test
    void aDeviceInAnotherNamespaceIsUsedThereAndTakenAgainWhenItReturns() throws Exception {
        try (Namespace other = new Namespace("pbmvm")) {
            Shell.run("ip link del pbmv0");
            makeMacvtap("pbmv", "netns pbmvm");
            String wire = MACVTAP.formatted(IN_PBMVM + ",\"mtu\":1400,\"mac\":\"02:00:00:00:76:01\"");
            try (SwitchUnderTest patchbay = SwitchUnderTest.start(List.of(wire, TAP.formatted("")), "adaptive", 2)) {
                addresses();
                assertThat(far.run("ping -c 3 -i 0.05 10.76.0.2")).contains(" 0% packet loss");
                near.run("iperf3 -s -D");
                for (String run : List.of("-t 1", "-t 1 -R")) {
                    assertThat(far.run("iperf3 -J -M 1300 -c 10.76.0.2 " + run))
                            .as(run)
                            .satisfies(Iperf::wentWell);
                }
                assertThat(other.run("ip link show pbmv0"))
                        .contains("mtu 1400", "link/ether 02:00:00:00:76:01", "state UP");
                other.run("ip link del pbmv0");
                patchbay.awaitStatus("wire", "down: macvtap device pbmv0 has gone");
                makeMacvtap("pbmv", "netns pbmvm");
                patchbay.awaitStatus("wire", "up: macvtap device pbmv0 is up");
                assertThat(far.run("ping -c 3 -i 0.05 10.76.0.2")).contains(" 0% packet loss");
            }
        }
    }

    /** One index, one name, and so only one file in {@code /dev}: the first device's. */
    @Test
    void ofTwoDevicesThatDifferOnlyInTheirNamespaceEachPortHasItsOwn() throws Exception {
        String second = MACVTAP.formatted(IN_PBMVM).replace("wire", "wire2");
        try (Namespace other = new Namespace("pbmvm");
                Namespace beyond = new Namespace("pbmvg")) {
            Shell.run(
                    "ip link del pbmv0; ip link add pbmvr type veth peer name pbmvs netns pbmvg && ip link set pbmvr up"
                            + " && sysctl -qw net.ipv6.conf.pbmvr.disable_ipv6=1");
            makeMacvtap("pbmv", "index 19060 netns pbmvn");
            makeMacvtap("pbmvr", "index 19060 netns pbmvm");
            String first = MACVTAP.formatted(",\"namespace\":\"/run/netns/pbmvn\"");
            try (SwitchUnderTest patchbay = SwitchUnderTest.start(List.of(first, second), "adaptive")) {
                far.run("ip address add 10.76.0.1/24 dev pbmvp; ip link set pbmvp address 02:00:00:00:76:0a up");
                beyond.run("ip address add 10.76.0.2/24 dev pbmvs; ip link set pbmvs address 02:00:00:00:76:0b up");
                assertThat(far.run("ping -c 3 -i 0.05 10.76.0.2")).contains(" 0% packet loss");
                assertThat(portOf(patchbay, "02:00:00:00:76:0a")).isEqualTo("wire");
                assertThat(portOf(patchbay, "02:00:00:00:76:0b")).isEqualTo("wire2");

                near.run("ip link del pbmv0");
                patchbay.awaitStatus("wire", "down: macvtap device pbmv0 has gone");
                assertThat(patchbay.status("wire2")).isEqualTo("up: macvtap device pbmv0 is up");
                makeMacvtap("pbmv", "index 19060 netns pbmvn");
                patchbay.awaitStatus("wire", "up: macvtap device pbmv0 is up");
                assertThat(far.run("ping -c 3 -i 0.05 10.76.0.2")).contains(" 0% packet loss");
            } finally {
                Shell.run("ip link del pbmvr");
            }
        }
    }

    @Test
    void theDeviceOfANamespaceThatWasMadeAnewIsTakenThoughNameAndIndexAreTheSame() throws Exception {
        far.run("ip link set pbmvp arp off up; ip address add 10.76.0.1/24 dev pbmvp"
                + "; ip neighbor add 10.76.0.9 lladdr ff:ff:ff:ff:ff:ff dev pbmvp");
        Shell.run(
                "ip link del pbmv0; ip link add link pbmv name pbmv0 index 19063 netns pbmvn type macvtap mode bridge");
        try (SwitchUnderTest patchbay =
                SwitchUnderTest.start(List.of(MACVTAP.formatted(",\"namespace\":\"/run/netns/pbmvn\"")), "adaptive")) {
            patchbay.awaitStatus("wire", "up: macvtap device pbmv0 is up");
            near.close();
            near = new Namespace("pbmvn");
            Shell.run("ip link add link pbmv name pbmv0 index 19063 netns pbmvn type macvtap mode bridge");
            near.run("for i in {1..100}; do ip -br link show pbmv0 | grep -q LOWER_UP && break; sleep 0.05; done");
            patchbay.awaitStatus("wire", "up: macvtap device pbmv0 is up");
            long before = patchbay.totals().received();
            far.run("ping -c 3 -i 0.05 -W 0.1 10.76.0.9 >/dev/null; true");
            patchbay.awaitReceived(before + 3);
        }
    }

    /** As it is for a daemon that was started in a namespace by {@code nsenter}: {@code /sys} still shows the one before. */
    @Test
    void aDeviceIsFoundAlsoIfTheSysfsThatIsMountedShowsAnotherNamespace() throws Exception {
        Shell.run("ip link set pbmv0 netns pbmvn");
        assertThatItIsFoundInPbmvn();
        Shell.run("ip link add pbmvr type veth peer name pbmvs netns pbmvf");
        try {
            makeMacvtap("pbmvr", "index 19062");
            assertThatItIsFoundInPbmvn();
        } finally {
            Shell.run("ip link del pbmvr");
        }
    }

    private static void assertThatItIsFoundInPbmvn() {
        boolean attached = NetNamespace.call(Optional.of("/run/netns/pbmvn"), () -> {
            try (MacvtapFiles files = MacvtapFiles.find("pbmv0", true).orElseThrow();
                    TapFile file = files.open(false)) {
                return file.isAttached();
            }
        });
        assertThat(attached).isTrue();
    }

    private static String portOf(SwitchUnderTest patchbay, String mac) throws Exception {
        for (JsonNode entry : patchbay.ask("/v1/fdb")) {
            if (entry.get("address").stringValue().equals(mac)) {
                return entry.get("port").stringValue();
            }
        }
        return "no port";
    }

    @Test
    void theCarrierOfTheInterfaceBelowIsThePortsCarrier() throws Exception {
        try (SwitchUnderTest patchbay = start("", 1)) {
            addresses();
            patchbay.awaitStatus("wire", "up: macvtap device pbmv0 is up");
            far.run("ip link set pbmvp down");
            patchbay.awaitStatus("wire", "down: macvtap device pbmv0 has no carrier");
        }
    }

    @Test
    void anInterfaceThatIsNotAMacvtapIsRefused() {
        String other = MACVTAP.formatted("").replace("pbmv0", "pbmv");
        assertThatThrownBy(
                        () -> SwitchUnderTest.start(List.of(other), "adaptive").close())
                .isInstanceOf(DaemonException.class)
                .hasMessageContaining("port wire: cannot use macvtap device pbmv: the interface is not a macvtap");
    }
}
