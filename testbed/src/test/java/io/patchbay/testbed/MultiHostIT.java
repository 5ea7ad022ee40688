package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Guests of two hosts on one network: the kernel's VXLAN device carries it between the hosts, first by flooding and learning as bridges do, then
 * told by FRR's EVPN what is where. The README has the commands.
 *
 * <pre>
 *   guest 10.82.0.1 ── switch ── tap pbmt ── br0 ── vxlan100 ── 192.0.2.1   namespace pbma
 *                                                                  │
 *   guest 10.82.0.2 ── switch ── tap pbmt ── br0 ── vxlan100 ── 192.0.2.2   namespace pbmb
 * </pre>
 */
class MultiHostIT {

    private static final Logger LOG = LoggerFactory.getLogger(MultiHostIT.class);
    private static final Duration SOON = Duration.ofSeconds(20);
    private static final String FIRST = "02:00:00:00:82:01";
    private static final String SECOND = "02:00:00:00:82:02";

    /** As long as the packets of the wire between the hosts are 1500 bytes, 50 of which VXLAN takes. */
    private static final QemuGuest.Options GUEST = new QemuGuest.Options("reconnect=1", "", ",host_mtu=1450");

    @BeforeEach
    void peers() {
        Peers.needRoot();
        Peers.needPrograms("qemu-system-x86_64", "iperf3", "busybox", "cpio", "dpkg-deb", "ip", "bridge", "vtysh");
    }

    private static SwitchUnderTest daemon(Namespace host, String name) throws Exception {
        SwitchUnderTest patchbay = SwitchUnderTest.start(
                List.of(
                        SwitchUnderTest.guestPort(0),
                        "{\"name\":\"fabric\",\"type\":\"tap\",\"device\":\"pbmt\",\"namespace\":\"/run/netns/%s\",\"mtu\":1450,\"persist\":true}"
                                .formatted(name)),
                "adaptive");
        host.run("ip link set pbmt master br0");
        return patchbay;
    }

    /** The wire's end and the bridge. */
    private static void prepare(Namespace host, String address) throws Exception {
        host.run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1; ip link set lo up"
                + "; ip address add " + address + "/24 dev pbmu && ip link set pbmu up"
                + " && ip link add br0 type bridge && ip link set br0 up");
    }

    private static void vxlan(Namespace host, String options) throws Exception {
        host.run("ip link add vxlan100 type vxlan id 100 dstport 4789 " + options
                + " && ip link set vxlan100 mtu 1450 master br0 && ip link set vxlan100 up");
    }

    @Test
    void guestsOfTwoHostsTalkThroughVxlanThatLearnsAndThroughEvpn() throws Exception {
        try (Namespace here = new Namespace("pbma");
                Namespace there = new Namespace("pbmb")) {
            Shell.run("ip link add pbmu netns pbma type veth peer name pbmu netns pbmb");
            prepare(here, "192.0.2.1");
            prepare(there, "192.0.2.2");
            try (SwitchUnderTest hereSwitch = daemon(here, "pbma");
                    SwitchUnderTest thereSwitch = daemon(there, "pbmb");
                    QemuGuest first = QemuGuest.start(hereSwitch.socket(0), FIRST, "10.82.0.1", GUEST);
                    QemuGuest second = QemuGuest.start(thereSwitch.socket(0), SECOND, "10.82.0.2", GUEST)) {
                vxlan(here, "local 192.0.2.1 remote 192.0.2.2");
                vxlan(there, "local 192.0.2.2 remote 192.0.2.1");
                first.awaitBoot();
                second.awaitBoot();
                second.run("iperf3 -s -D", SOON);
                talk(first);
                assertThat(thereSwitch.ask("/v1/fdb?port=fabric").findValuesAsString("address"))
                        .contains(FIRST);

                here.run("ip link del vxlan100");
                there.run("ip link del vxlan100");
                try (Frr hereRoutes = Frr.start(here, "192.0.2.1", "192.0.2.2");
                        Frr thereRoutes = Frr.start(there, "192.0.2.2", "192.0.2.1")) {
                    vxlanThatIsTold(here, "192.0.2.1");
                    vxlanThatIsTold(there, "192.0.2.2");
                    awaitRemote(thereRoutes, FIRST, "192.0.2.1");
                    awaitRemote(hereRoutes, SECOND, "192.0.2.2");
                    assertThat(there.run("bridge fdb show dev vxlan100"))
                            .containsPattern(FIRST + " .*dst 192.0.2.1 .*extern_learn");
                    talk(first);
                    assertThat(there.run("bridge fdb show dev vxlan100"))
                            .as("nothing else taught the device")
                            .doesNotContainPattern(FIRST + " dst 192.0.2.1 self *\n");
                }

                for (SwitchUnderTest patchbay : List.of(hereSwitch, thereSwitch)) {
                    assertThat(patchbay.totals().balance()).isTrue();
                }
            }
        }
    }

    private static void talk(QemuGuest first) throws Exception {
        assertThat(first.run("ping -c 5 -i 0.2 10.82.0.2", SOON)).contains("5 packets received");
        // As long as the network takes: longer ones would have to be fragmented.
        assertThat(first.run("ping -c 2 -i 0.2 -s 1422 10.82.0.2", SOON)).contains("2 packets received");
        String report = first.run("iperf3 -f m -c 10.82.0.2 -t 2", SOON);
        LOG.info("{}", report);
        assertThat(report).containsPattern("[1-9][0-9.]* Mbits/sec .*receiver");
    }

    /** A VXLAN device that learns nothing by itself. */
    private static void vxlanThatIsTold(Namespace host, String address) throws Exception {
        vxlan(host, "local " + address + " nolearning");
        host.run("bridge link set dev vxlan100 learning off neigh_suppress on");
    }

    /** Waits until the table of one host's EVPN has the address of a guest behind the other's. */
    private static void awaitRemote(Frr routes, String address, String host) throws Exception {
        String table = "";
        for (int tries = 0; tries < 150; tries++) {
            table = routes.ask("show evpn mac vni all");
            if (table.lines()
                    .anyMatch(line -> line.startsWith(address) && line.matches(".* remote .*" + host + ".*"))) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(100);
        }
        throw new AssertionError(address + " is not known to be at " + host + ":\n" + table + routes.log());
    }
}
