package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.control.DaemonException;
import io.patchbay.core.control.Totals;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.NetDevice;
import io.patchbay.core.linux.XdpSocket;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A raw-socket port of mode xdp on one end of a cable whose other end is in a namespace. */
class XdpSocketIT {

    private static final byte[] FRAME = {2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0};

    private Namespace far;
    private Cable cable;

    @BeforeEach
    void layCable() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("ip", "scapy", "ethtool");
        far = new Namespace("pbxd");
        cable = Cable.lay("pbxdn", far, "pbxdf");
        finishFrames();
    }

    /** What a veth leaves undone in a frame cannot be seen by XDP. */
    private void finishFrames() throws Exception {
        far.run("ethtool -K pbxdf tx off tso off gso off txvlan off >/dev/null");
    }

    @AfterEach
    void cut() throws Exception {
        cable.close();
        far.close();
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
            int frames = KernelDrops.provoke(patchbay, "wire", sockets, "pbxdf", 200_000);
            TimeUnit.MILLISECONDS.sleep(100);
            sockets.send("pbxdf", FRAME);
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

    /** A frame of UDP, from the far station to the near one or back, of a conversation of its own for each number. */
    private static byte[] conversation(int number, boolean inward) {
        return ByteBuffer.allocate(60)
                .put(new byte[] {2, 0, 0, 0, 0, (byte) (inward ? 1 : 9), 2, 0, 0, 0, 0, (byte) (inward ? 9 : 1)})
                .put(new byte[] {8, 0, 0x45, 0, 0, 46, 0, 0, 0, 0, 64, 17, 0, 0, 10, 79, 1, 1, 10, 79, 1, 2})
                .putShort((short) (1000 + number))
                .putShort((short) 9)
                .putShort((short) 26)
                .array();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void everyQueueOfAnInterfaceHasItsSocket(int workers) throws Exception {
        cable.pull();
        cable = Cable.lay("pbxdn", far, "pbxdf", "numtxqueues 2 numrxqueues 2");
        finishFrames();
        try (SwitchUnderTest patchbay =
                        SwitchUnderTest.start(List.of(port(""), SwitchUnderTest.guestPort(0)), "adaptive", workers);
                PacketSockets sockets = new PacketSockets("pbxd", List.of("pbxdf"));
                FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 2048)) {
            Set<Integer> toGuest = new TreeSet<>();
            Set<Integer> fromGuest = new TreeSet<>();
            for (int i = 0; i < 64; i++) {
                sockets.send("pbxdf", conversation(i, true));
                assertThat(guest.send(conversation(i, false))).isTrue();
            }
            patchbay.awaitReceived(128);
            for (Optional<byte[]> frame = guest.receive(); frame.isPresent(); frame = guest.receive()) {
                toGuest.add(ByteBuffer.wrap(frame.get()).getShort(34) - 1000);
            }
            TimeUnit.MILLISECONDS.sleep(50);
            sockets.collect()
                    .forEach(arrival ->
                            fromGuest.add(ByteBuffer.wrap(arrival.frame()).getShort(34) - 1000));
            List<Integer> all = IntStream.range(0, 64).boxed().toList();
            assertThat(toGuest).containsExactlyElementsOf(all);
            assertThat(fromGuest).containsExactlyElementsOf(all);
            // The kernel's own counters: conversations were spread over both.
            assertThat(Shell.run("ethtool -S pbxdn"))
                    .containsPattern("rx_queue_0_xdp_redirect: [1-9]")
                    .containsPattern("rx_queue_1_xdp_redirect: [1-9]");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"adaptive", "sleepy"})
    void aWorkerWithNothingToDoSleepsAlsoAfterThereWasMuch(String idle) throws Exception {
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(List.of(port(""), SwitchUnderTest.guestPort(0)), idle);
                PacketSockets sockets = new PacketSockets("pbxd", List.of("pbxdf"));
                FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 2048)) {
            TimeUnit.MILLISECONDS.sleep(50);
            standsStill(patchbay);
            for (int i = 0; i < 20; i++) {
                sockets.send("pbxdf", conversation(i, true), 200);
                for (int k = 0; k < 50; k++) {
                    guest.send(conversation(k, false));
                }
                while (guest.receive().isPresent()) {
                    // makes room
                }
            }
            TimeUnit.MILLISECONDS.sleep(50);
            standsStill(patchbay);
            sockets.collect();
            assertThat(guest.send(conversation(7, false))).isTrue();
            patchbay.awaitReceived(4001);
            TimeUnit.MILLISECONDS.sleep(50);
            assertThat(sockets.collect()).hasSize(1);
            // And is woken by a frame that comes in.
            while (guest.receive().isPresent()) {
                // what came before
            }
            long before = patchbay.totals().received();
            sockets.send("pbxdf", conversation(8, true));
            patchbay.awaitReceived(before + 1);
            assertThat(guest.receive()).hasValue(conversation(8, true));
        }
    }

    private static void standsStill(SwitchUnderTest patchbay) throws Exception {
        assertThat(patchbay.turnsInAMoment())
                .as("turns of a worker with nothing to do")
                .isLessThan(50);
    }

    @Test
    void anInterfaceOfAnotherNamespaceIsServedThereAndAgainWhenItReturns() throws Exception {
        cable.pull();
        try (Namespace near = new Namespace("pbxdb")) {
            Cable elsewhere = Cable.lay(near, "pbxdn", far, "pbxdf");
            finishFrames();
            try (SwitchUnderTest patchbay = SwitchUnderTest.start(
                            List.of(port(",\"namespace\":\"/run/netns/pbxdb\""), SwitchUnderTest.guestPort(0)),
                            "adaptive");
                    FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 2048)) {
                for (int i = 0; i < 2; i++) {
                    patchbay.awaitStatus("wire", "up: interface pbxdn");
                    assertThat(near.run("ip -d link show pbxdn")).contains("xdp");
                    try (PacketSockets sockets = new PacketSockets("pbxd", List.of("pbxdf"))) {
                        long before = patchbay.totals().received();
                        sockets.send("pbxdf", conversation(i, true));
                        assertThat(guest.send(conversation(i, false))).isTrue();
                        patchbay.awaitReceived(before + 2);
                        TimeUnit.MILLISECONDS.sleep(50);
                        assertThat(guest.receive()).hasValue(conversation(i, true));
                        assertThat(sockets.collect())
                                .extracting(PacketSockets.Arrival::frame)
                                .containsExactly(conversation(i, false));
                    }
                    elsewhere.pull();
                    patchbay.awaitStatus("wire", "down: interface pbxdn");
                    elsewhere.lay();
                    finishFrames();
                }
            }
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
                cable.pull();
                patchbay.awaitStatus("wire", "down: interface pbxdn has gone");
                cable.lay();
                finishFrames();
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

    @Test
    void aQueueThatCannotBeHadLeavesNoDescriptorBehind() throws Exception {
        int index = NetDevice.info("pbxdn").index();
        noSuchQueue(index); // whatever is opened once and for all is open from here on
        long before = openDescriptors();
        for (int i = 0; i < 10; i++) {
            noSuchQueue(index);
        }
        assertThat(openDescriptors()).isEqualTo(before);
    }

    private static void noSuchQueue(int index) {
        assertThatThrownBy(() -> XdpSocket.open("pbxdn", index, 99, 1 << 20, 1 << 20))
                .isInstanceOf(LinuxException.class)
                .hasMessageContaining("queue 99 of pbxdn");
    }

    private static long openDescriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }

    private static void refused(String... words) {
        assertThatThrownBy(() ->
                        SwitchUnderTest.start(List.of(port("")), "adaptive").close())
                .isInstanceOf(DaemonException.class)
                .hasMessageContainingAll(words);
    }
}
