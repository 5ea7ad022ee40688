package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.control.DaemonException;
import io.patchbay.core.control.Totals;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A raw-socket port of mode xdp on one end of a cable whose other end is in a namespace. */
class XdpSocketIT {

    private static final byte[] FRAME = {2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0};

    private Namespace far;

    @BeforeEach
    void cable() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("ip", "scapy", "ethtool");
        far = new Namespace("pbxd");
        far.run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
        makeCable();
    }

    private void makeCable() throws Exception {
        Shell.run("ip link add pbxdn type veth peer name pbxdf netns pbxd"
                + " && sysctl -qw net.ipv6.conf.pbxdn.disable_ipv6=1 && ip link set pbxdn up arp off");
        far.run("ip link set pbxdf up arp off");
        // What a veth leaves undone in a frame cannot be seen by XDP.
        far.run("ethtool -K pbxdf tx off tso off gso off txvlan off >/dev/null");
    }

    @AfterEach
    void cut() throws Exception {
        far.close();
        Shell.run("ip link del pbxdn 2>/dev/null || true");
    }

    private static String port(String more) {
        return "{\"name\":\"wire\",\"type\":\"raw-socket\",\"interface\":\"pbxdn\",\"mode\":\"xdp\"" + more + "}";
    }

    private static String program() throws Exception {
        return Shell.run("ip -d link show pbxdn");
    }

    /** TCP and UDP of two stacks; what the stack behind the tap leaves undone is finished by the switch. */
    @Test
    void twoStacksTalkThroughItAndATap() throws Exception {
        Peers.needPrograms("ping", "iperf3", "nstat");
        far.run("ip link set pbxdf arp on; ip address add 10.79.0.1/24 dev pbxdf");
        String tap = "{\"name\":\"tap\",\"type\":\"tap\",\"device\":\"pbxdt\"}";
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(List.of(port(""), tap), "adaptive");
                Namespace near = new Namespace("pbxdb")) {
            near.adopt("pbxdt", "10.79.0.2");
            assertThat(far.run("ping -c 3 -i 0.05 -s 1472 -M do 10.79.0.2")).contains(" 0% packet loss");
            near.run("iperf3 -s -D");
            for (String run : List.of("-t 1", "-t 1 -R", "-t 1 -u -b 40M -l 1300", "-t 1 -u -b 40M -l 1300 -R")) {
                assertThat(far.run("iperf3 -J -c 10.79.0.2 " + run)).as(run).satisfies(Iperf::wentWell);
            }
            for (Namespace side : List.of(near, far)) {
                assertThat(side.run("nstat -asz TcpInCsumErrors UdpInCsumErrors IpInHdrErrors"))
                        .containsPattern("TcpInCsumErrors +0 ")
                        .containsPattern("UdpInCsumErrors +0 ")
                        .containsPattern("IpInHdrErrors +0 ");
            }
            Totals totals = patchbay.totals();
            assertThat(totals.balance()).as("%s", totals).isTrue();
        }
    }

    @Test
    void framesTheKernelDroppedAreReceivedAndDroppedInTheCounters() throws Exception {
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(
                        List.of(port(",\"receiveBufferBytes\":4096"), SwitchUnderTest.guestPort(0)), "sleepy");
                PacketSockets sockets = new PacketSockets("pbxd", List.of("pbxdf"))) {
            int frames = 0;
            while (patchbay.dropped("wire", "kernel_drop") < 100) {
                byte[] frame = new byte[1000];
                frame[0] = 2;
                frame[6] = 4;
                sockets.send("pbxdf", frame, 1000);
                frames += 1000;
                assertThat(frames).as("frames sent without a drop").isLessThan(200_000);
            }
            TimeUnit.MILLISECONDS.sleep(100);
            sockets.send("pbxdf", FRAME, 1);
            TimeUnit.MILLISECONDS.sleep(100);
            Totals totals = patchbay.totals();
            assertThat(totals.balance()).as("%s", totals).isTrue();
            // What is dropped on its way, before XDP, nobody tells us; but none may be counted twice.
            assertThat(totals.received()).isLessThanOrEqualTo(frames + 1).isGreaterThan(frames / 2);
        }
    }

    @Test
    void aFrameLongerThanTheLinkCarriesIsDroppedAndATaggedOneMayBeLongerByItsTag() throws Exception {
        try (SwitchUnderTest patchbay =
                        SwitchUnderTest.start(List.of(port(""), SwitchUnderTest.guestPort(0)), "adaptive");
                PacketSockets sockets = new PacketSockets("pbxd", List.of("pbxdf"));
                FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 2048)) {
            for (int length : List.of(1514, 1515)) {
                byte[] frame = new byte[length];
                frame[0] = 2;
                frame[6] = 4;
                assertThat(guest.send(frame)).isTrue();
            }
            byte[] tagged = new byte[1518];
            tagged[0] = 2;
            tagged[6] = 4;
            tagged[12] = (byte) 0x81;
            tagged[15] = 5;
            assertThat(guest.send(tagged)).isTrue();
            patchbay.awaitReceived(3);
            TimeUnit.MILLISECONDS.sleep(50);
            assertThat(patchbay.dropped("wire", "oversize")).isOne();
            assertThat(sockets.collect()).hasSize(2);
        }
    }

    @Test
    void anInterfaceDeletedUnderThePortIsNoticedAndTakenAgainWhenItReturns() throws Exception {
        try (SwitchUnderTest patchbay =
                SwitchUnderTest.start(List.of(port(""), SwitchUnderTest.guestPort(0)), "adaptive")) {
            for (int i = 0; i < 3; i++) {
                patchbay.awaitStatus("wire", "up: interface pbxdn is up");
                try (PacketSockets sockets = new PacketSockets("pbxd", List.of("pbxdf"))) {
                    long before = patchbay.totals().received();
                    sockets.send("pbxdf", FRAME);
                    patchbay.awaitReceived(before + 1);
                }
                Shell.run("ip link del pbxdn");
                patchbay.awaitStatus("wire", "down: interface pbxdn has gone");
                makeCable();
            }
            patchbay.awaitStatus("wire", "up");
        }
    }

    @Test
    void anInterfaceIsTheHostsAgainWhenThePortIsShut() throws Exception {
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(List.of(port("")), "adaptive")) {
            assertThat(program()).contains("xdp").contains("promiscuity 1 ");
            patchbay.setAdmin("wire", "down");
            assertThat(program()).doesNotContain("xdp").contains("promiscuity 0 ");
            patchbay.setAdmin("wire", "up");
            assertThat(program()).contains("xdp");
        }
        assertThat(program()).doesNotContain("xdp");
    }

    @Test
    void theProgramGoesWithADaemonThatIsKilled() throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(List.of(port("")))) {
            daemon.awaitReady();
            assertThat(program()).contains("xdp");
            daemon.kill();
            TimeUnit.MILLISECONDS.sleep(200);
            assertThat(program()).doesNotContain("xdp");
        }
    }

    @Test
    void whatMakesAnInterfaceUnfitIsSaid() throws Exception {
        try (SwitchUnderTest first = SwitchUnderTest.start(List.of(port("")), "adaptive")) {
            assertThat(first.status("wire")).startsWith("up");
            refused("EBUSY", "another program has the interface");
        }
        Unprivileged.call(() -> {
            refused("cannot use interface pbxdn", "CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF");
            return true;
        });
        Shell.run("ip link set pbxdn mtu 9000");
        refused("its MTU is 9000; with mode xdp it may be at most 3818");
    }

    private static void refused(String... words) {
        assertThatThrownBy(() ->
                        SwitchUnderTest.start(List.of(port("")), "adaptive").close())
                .isInstanceOf(DaemonException.class)
                .hasMessageContainingAll(words);
    }
}
