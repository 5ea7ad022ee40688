package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.control.DaemonException;
import io.patchbay.core.control.Totals;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A raw-socket port on one end of a cable whose other end is in a namespace. */
class RawSocketIT {

    private static final byte[] FRAME = {2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0};

    private Namespace far;
    private Cable cable;

    @BeforeEach
    void layCable() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("ip", "scapy");
        far = new Namespace("pbrs");
        cable = Cable.lay("pbrsn", far, "pbrsf");
    }

    @AfterEach
    void cut() throws Exception {
        cable.close();
        far.close();
    }

    private static String port(String more) {
        return "{\"name\":\"wire\",\"type\":\"raw-socket\",\"interface\":\"pbrsn\"" + more + "}";
    }

    @Test
    void framesTheKernelDroppedAreReceivedAndDroppedInTheCounters() throws Exception {
        // Room for a frame or two: more come than a worker that has to be woken can read.
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(
                        List.of(port(",\"receiveBufferBytes\":4096"), SwitchUnderTest.guestPort(0)), "sleepy");
                PacketSockets sockets = new PacketSockets("pbrs", List.of("pbrsf"))) {
            int frames = KernelDrops.provoke(patchbay, "wire", sockets, "pbrsf", 1_000_000);
            // What was dropped last is counted when the next frame is read.
            sockets.send("pbrsf", FRAME);
            patchbay.awaitReceived(frames + 1);
            Totals totals = patchbay.totals();
            assertThat(totals.balance()).as("%s", totals).isTrue();
            assertThat(totals.received()).isEqualTo(frames + 1);
        }
    }

    @Test
    void aPortThatIsShutHearsNothingAndHasNothingStaleWhenItIsOpened() throws Exception {
        try (SwitchUnderTest patchbay =
                        SwitchUnderTest.start(List.of(port(""), SwitchUnderTest.guestPort(0)), "adaptive");
                FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 2048);
                PacketSockets sockets = new PacketSockets("pbrs", List.of("pbrsf"))) {
            byte[] frame = new byte[60];
            frame[0] = 2;
            frame[6] = 4;
            sockets.send("pbrsf", frame, 10);
            patchbay.awaitReceived(10);
            assertThat(Shell.run("ip -d link show pbrsn")).contains("promiscuity 1");

            patchbay.setAdmin("wire", "down");

            assertThat(Shell.run("ip -d link show pbrsn")).contains("promiscuity 0");
            sockets.send("pbrsf", frame, 10);
            byte[] back = new byte[60];
            back[0] = 4;
            back[6] = 2;
            assertThat(guest.send(back)).isTrue();
            patchbay.awaitReceived(11);
            // What was learnt behind the port is forgotten, and it takes no part in floods.
            assertThat(patchbay.dropped("vm0", "no_destination")).isEqualTo(1);

            patchbay.setAdmin("wire", "up");

            assertThat(Shell.run("ip -d link show pbrsn")).contains("promiscuity 1");
            sockets.send("pbrsf", frame, 10);
            patchbay.awaitReceived(21);
            TimeUnit.MILLISECONDS.sleep(50);
            assertThat(patchbay.totals()).matches(totals -> totals.received() == 21 && totals.balance());
        }
    }

    /** TCP and UDP of the far stack, with the offloads of its device or without: what it leaves undone the stack behind the tap finishes. */
    @ParameterizedTest(name = "MTU {0}, far offloads {1}")
    @CsvSource({"1500, on", "1500, off", "9000, on"})
    void twoStacksTalkThroughRawSocketAndTap(int mtu, String offloads) throws Exception {
        Peers.needPrograms("ping", "iperf3", "ethtool", "nstat");
        Shell.run("ip link set pbrsn mtu " + mtu);
        far.run("ip link set pbrsf mtu " + mtu + " arp on; ip address add 10.78.0.1/24 dev pbrsf");
        far.run("ethtool -K pbrsf tx " + offloads + " tso " + offloads + " gso " + offloads + " >/dev/null");
        String tap = "{\"name\":\"tap\",\"type\":\"tap\",\"device\":\"pbrst\",\"mtu\":" + mtu + "}";
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(List.of(port(""), tap), "adaptive");
                Namespace near = new Namespace("pbrsb")) {
            near.adopt("pbrst", "10.78.0.2");
            assertThat(far.run("ping -c 3 -i 0.05 -s " + (mtu - 28) + " -M do 10.78.0.2"))
                    .contains(" 0% packet loss");
            near.run("iperf3 -s -D");
            for (String run : List.of("-t 1", "-t 1 -R", "-t 1 -u -b 40M -l 1300", "-t 1 -u -b 40M -l 1300 -R")) {
                assertThat(far.run("iperf3 -J -c 10.78.0.2 " + run)).as(run).satisfies(Iperf::wentWell);
            }
            for (Namespace side : List.of(near, far)) {
                assertThat(side.run("nstat -asz TcpInCsumErrors UdpInCsumErrors IpInHdrErrors"))
                        .containsPattern("TcpInCsumErrors +0 ")
                        .containsPattern("UdpInCsumErrors +0 ")
                        .containsPattern("IpInHdrErrors +0 ");
            }
            JsonNode seen = JsonMapper.shared()
                    .readTree(near.run("ip -s -j link show pbrst"))
                    .get(0)
                    .get("stats64")
                    .get("rx");
            boolean whole = seen.get("bytes").longValue() / seen.get("packets").longValue() > mtu + 14;
            assertThat(whole)
                    .as("whether segments longer than the link's frames came out of the tap: %s", seen)
                    .isEqualTo(offloads.equals("on"));
            Totals totals = patchbay.totals();
            assertThat(totals.balance()).as("%s", totals).isTrue();
            assertThat(patchbay.dropped("tap", "oversize") + patchbay.dropped("wire", "oversize"))
                    .isZero();
            assertThat(patchbay.dropped("wire", "bad_offload")).isZero();
        }
    }

    @Test
    void whatTheSwitchSendsItDoesNotHear() throws Exception {
        try (SwitchUnderTest patchbay =
                        SwitchUnderTest.start(List.of(port(""), SwitchUnderTest.guestPort(0)), "adaptive");
                PacketSockets sockets = new PacketSockets("pbrs", List.of("pbrsf"));
                FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 1500)) {
            for (int i = 0; i < 10; i++) {
                byte[] frame = new byte[60];
                frame[0] = 2;
                frame[6] = 4;
                assertThat(guest.send(frame)).isTrue();
            }
            patchbay.awaitReceived(10);
            TimeUnit.MILLISECONDS.sleep(50);
            assertThat(sockets.collect()).hasSize(10);
            assertThat(patchbay.totals().received()).isEqualTo(10);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theInterfaceIsPromiscuousOnlyIfAskedFor(boolean promiscuous) throws Exception {
        try (SwitchUnderTest patchbay =
                SwitchUnderTest.start(List.of(port(",\"promiscuous\":" + promiscuous)), "adaptive")) {
            assertThat(Shell.run("ip -d link show pbrsn")).contains("promiscuity " + (promiscuous ? 1 : 0) + " ");
            assertThat(patchbay.status("wire")).startsWith("up");
        }
    }

    @Test
    void framesPassTheQueueingDisciplineByIfAskedTo() throws Exception {
        // A discipline that drops everything it is given: what comes out did not go through it.
        Shell.run("tc qdisc add dev pbrsn root pfifo limit 0");
        for (boolean bypass : List.of(false, true)) {
            try (SwitchUnderTest patchbay = SwitchUnderTest.start(
                            List.of(port(",\"qdiscBypass\":" + bypass), SwitchUnderTest.guestPort(0)), "adaptive");
                    PacketSockets sockets = new PacketSockets("pbrs", List.of("pbrsf"));
                    FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 1500)) {
                assertThat(guest.send(FRAME)).isTrue();
                patchbay.awaitReceived(1);
                assertThat(sockets.collect()).hasSize(bypass ? 1 : 0);
                assertThat(patchbay.dropped("wire", "uplink_full")).isEqualTo(bypass ? 0 : 1);
            }
        }
    }

    @Test
    void anInterfaceDeletedUnderThePortIsNoticedAndTakenAgainWhenItReturns() throws Exception {
        try (SwitchUnderTest patchbay =
                        SwitchUnderTest.start(List.of(port(""), SwitchUnderTest.guestPort(0)), "adaptive");
                FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 1500)) {
            for (int i = 0; i < 3; i++) {
                patchbay.awaitStatus("wire", "up: interface pbrsn is up");
                try (PacketSockets sockets = new PacketSockets("pbrs", List.of("pbrsf"))) {
                    long before = patchbay.totals().received();
                    sockets.send("pbrsf", FRAME);
                    patchbay.awaitReceived(before + 1);
                }
                cable.pull();
                patchbay.awaitStatus("wire", "down: interface pbrsn has gone");
                cable.lay();
            }
            patchbay.awaitStatus("wire", "up");
            assertThat(guest.receive()).isPresent();
        }
    }

    @Test
    void anInterfaceThatGoesDownAndUpAgainIsReportedAndGoesOn() throws Exception {
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(List.of(port("")), "adaptive")) {
            Shell.run("ip link set pbrsn down");
            patchbay.awaitStatus("wire", "down: interface pbrsn is down");
            Shell.run("ip link set pbrsn up");
            patchbay.awaitStatus("wire", "up");
            far.run("ip link set pbrsf down");
            patchbay.awaitStatus("wire", "down: interface pbrsn has no carrier");
            far.run("ip link set pbrsf up");
            patchbay.awaitStatus("wire", "up");
            try (PacketSockets sockets = new PacketSockets("pbrs", List.of("pbrsf"))) {
                sockets.send("pbrsf", FRAME);
            }
            patchbay.awaitReceived(1);
        }
    }

    @Test
    void aStationThatMovedBehindAnotherPortWhileItsOwnLostTheLinkIsReachedAtOnce() throws Exception {
        byte[] fromStation = {6, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0};
        byte[] toStation = {2, 0, 0, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0};
        List<Cable> more = new ArrayList<>();
        try {
            more.add(Cable.lay("pbrsn2", far, "pbrsf2"));
            more.add(Cable.lay("pbrsn3", far, "pbrsf3"));
            List<String> ports = List.of(
                    port(""),
                    port("").replace("wire", "wire2").replace("pbrsn", "pbrsn2"),
                    port("").replace("wire", "wire3").replace("pbrsn", "pbrsn3"));
            try (SwitchUnderTest patchbay = SwitchUnderTest.start(ports, "adaptive");
                    PacketSockets sockets = new PacketSockets("pbrs", List.of("pbrsf2", "pbrsf3"))) {
                try (PacketSockets before = new PacketSockets("pbrs", List.of("pbrsf"))) {
                    before.send("pbrsf", fromStation);
                    patchbay.awaitReceived(1);
                }
                assertThat(patchbay.ask("/v1/fdb?port=wire")).hasSize(1);
                assertThat(sockets.collect()).hasSize(2);

                far.run("ip link set pbrsf down");
                patchbay.awaitStatus("wire", "down: interface pbrsn has no carrier");
                sockets.send("pbrsf3", toStation);
                patchbay.awaitReceived(2);

                assertThat(sockets.collect())
                        .as("flooded, since nobody knows where the station is now")
                        .extracting(PacketSockets.Arrival::device)
                        .containsExactly("pbrsf2");
                assertThat(patchbay.ask("/v1/fdb?port=wire")).isEmpty();
                assertThat(patchbay.dropped("wire", "port_down")).isZero();
            }
        } finally {
            for (Cable cable : more) {
                cable.close();
            }
        }
    }

    @Test
    void severalSocketsDivideTheFlowsAndHearNothingTwice() throws Exception {
        try (Namespace near = new Namespace("pbrsb");
                SwitchUnderTest patchbay = SwitchUnderTest.start(
                        List.of(
                                port(""),
                                "{\"name\":\"tap\",\"type\":\"tap\",\"device\":\"pbrst\",\"namespace\":\"/run/netns/pbrsb\"}"),
                        "adaptive",
                        2)) {
            far.run("ip link set pbrsf arp on; ip address add 10.78.0.1/24 dev pbrsf");
            near.run("ip address add 10.78.0.2/24 dev pbrst");
            assertThat(far.run("ping -c 3 -i 0.05 10.78.0.2"))
                    .contains(" 0% packet loss")
                    .doesNotContain("DUP!");
            near.run("iperf3 -s -D");
            assertThat(far.run("iperf3 -J -c 10.78.0.2 -P 8 -t 1")).satisfies(Iperf::wentWell);
            assertThat(far.run("iperf3 -J -c 10.78.0.2 -R -P 8 -t 1")).satisfies(Iperf::wentWell);
            JsonNode queues = patchbay.ask("/v1/stats").get("ports").get(0).get("queues");
            assertThat(queues).hasSize(2);
            for (JsonNode queue : queues) {
                assertThat(queue.get("received").get("frames").longValue())
                        .as("%s", queue)
                        .isGreaterThan(100);
            }
            // An echo would come back from where it was sent to, and be dropped for it.
            assertThat(patchbay.dropped("wire", "same_port")).isZero();
            assertThat(patchbay.dropped("wire", "bad_offload")).isZero();
        }
    }

    @Test
    void anInterfaceInANamespaceIsUsedThere() throws Exception {
        String there = port(",\"namespace\":\"/run/netns/pbrs\"").replace("pbrsn", "pbrsf");
        try (SwitchUnderTest patchbay =
                        SwitchUnderTest.start(List.of(there, SwitchUnderTest.guestPort(0)), "adaptive");
                FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 1500)) {
            patchbay.awaitStatus("wire", "up: interface pbrsf is up");
            far.run("ip link set pbrsf down");
            patchbay.awaitStatus("wire", "down: interface pbrsf is down");
            assertThat(guest.send(FRAME)).isTrue();
            patchbay.awaitReceived(1);
            assertThat(patchbay.dropped("vm0", "no_destination"))
                    .as("a port that is down takes no part in floods")
                    .isOne();
        }
    }

    @Test
    void anInterfaceIsFoundAgainInANamespaceThatWasDeletedAndMadeAnew() throws Exception {
        String there = port(",\"namespace\":\"/run/netns/pbrs\"").replace("pbrsn", "pbrsf");
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(List.of(there), "adaptive")) {
            for (int i = 0; i < 2; i++) {
                patchbay.awaitStatus("wire", "up: interface pbrsf is up");
                far.close();
                far = new Namespace("pbrs");
                cable.close();
                patchbay.awaitStatus("wire", "down: interface pbrsf has gone");
                cable.lay();
            }
            patchbay.awaitStatus("wire", "up: interface pbrsf is up");
            // And is listened for there.
            Shell.run("ip link set pbrsn down");
            patchbay.awaitStatus("wire", "down: interface pbrsf has no carrier");
            Shell.run("ip link set pbrsn up");
            patchbay.awaitStatus("wire", "up: interface pbrsf is up");
        }
    }

    @Test
    void anInterfaceLeftBehindInANamespaceWhoseNameAnotherHasIsLetGoOf() throws Exception {
        String there = port(",\"namespace\":\"/run/netns/pbrs\"").replace("pbrsn", "pbrsf");
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(List.of(there), "adaptive")) {
            patchbay.awaitStatus("wire", "up: interface pbrsf is up");
            far.close();
            far = new Namespace("pbrs");
            patchbay.awaitStatus("wire", "down: interface pbrsf has gone");
            assertThat(Shell.run("for i in {1..100}; do ip link show pbrsn >/dev/null 2>&1 || break; sleep 0.05; done"
                            + "; ip -br link"))
                    .as("the other end, since nothing keeps the namespace")
                    .doesNotContain("pbrsn");
            cable.lay();
            patchbay.awaitStatus("wire", "up: interface pbrsf is up");
        }
    }

    @Test
    void aDaemonThatMayNotIsRefusedAndToldWhatItTakes() throws Exception {
        Unprivileged.call(() -> assertThatThrownBy(() ->
                        SwitchUnderTest.start(List.of(port("")), "adaptive").close())
                .isInstanceOf(DaemonException.class)
                .hasMessageContaining("port wire: cannot use interface pbrsn")
                .hasMessageContaining("CAP_NET_RAW"));
    }
}
