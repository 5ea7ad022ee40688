package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The Linux virtio-net driver in guests of QEMU, and the host's own stack behind a tap. */
class QemuIT {

    private static final Duration SOON = Duration.ofSeconds(40);

    @BeforeEach
    void peers() {
        Peers.needRoot();
        Peers.needPrograms("qemu-system-x86_64", "iperf3", "busybox", "cpio", "dpkg-deb", "ip", "ping");
    }

    @Test
    void twoGuestsAndTheHostTalkAndAGuestMayDieAndBeReplaced() throws Exception {
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(2, List.of("pbtq0"), "adaptive");
                Namespace host = new Namespace("pbtq");
                QemuGuest first = QemuGuest.start(patchbay.socket(0), "02:00:00:00:01:00", "10.77.0.10");
                QemuGuest second = QemuGuest.start(patchbay.socket(1), "02:00:00:00:01:01", "10.77.0.11")) {
            host.adopt("pbtq0", "10.77.0.1");
            first.awaitBoot();
            second.awaitBoot();

            assertThat(second.run("ping -c 5 -i 0.2 10.77.0.10", SOON)).contains("5 packets received");
            assertThat(second.run("ping -c 5 -i 0.2 10.77.0.1", SOON)).contains("5 packets received");
            assertThat(host.run("ping -c 5 -i 0.2 10.77.0.10")).contains("5 received");

            first.run("iperf3 -s -D", SOON);
            assertThat(megabits(second.run("iperf3 -f m -c 10.77.0.10 -t 5", SOON)))
                    .isGreaterThan(1);
            host.run("iperf3 -s -D");
            assertThat(megabits(second.run("iperf3 -f m -c 10.77.0.1 -t 5", SOON)))
                    .isGreaterThan(1);

            second.run("ping 10.77.0.1 > /tmp/ping & true", SOON);
            first.kill();
            try (QemuGuest successor = QemuGuest.start(patchbay.socket(0), "02:00:00:00:01:02", "10.77.0.12")) {
                successor.awaitBoot();
                assertThat(successor.run("ping -c 5 -i 0.2 10.77.0.11", SOON)).contains("5 packets received");
            }
            assertThat(second.run("kill -INT $!; sleep 1; cat /tmp/ping", SOON)).contains(" 0% packet loss");
            assertThat(patchbay.totals().received()).isPositive();
        }
    }

    @Test
    void aGuestWithPackedRingsTalksToOneWithSplitRings() throws Exception {
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(2, List.of(), "adaptive");
                QemuGuest packed = QemuGuest.start(
                        patchbay.socket(0), "02:00:00:00:01:00", "10.77.0.10", QemuGuest.Options.PACKED);
                QemuGuest split = QemuGuest.start(patchbay.socket(1), "02:00:00:00:01:01", "10.77.0.11")) {
            packed.awaitBoot();
            split.awaitBoot();
            assertThat(layout(patchbay, "vm0")).isEqualTo("packed");
            assertThat(layout(patchbay, "vm1")).isEqualTo("split");

            assertThat(split.run("ping -c 5 -i 0.2 10.77.0.10", SOON)).contains("5 packets received");
            assertThat(packed.run("ping -c 5 -i 0.2 -s 1400 10.77.0.11", SOON)).contains("5 packets received");
            for (QemuGuest server : List.of(packed, split)) {
                server.run("iperf3 -s -D", SOON);
            }
            assertThat(megabits(split.run("iperf3 -f m -c 10.77.0.10 -t 3", SOON)))
                    .isGreaterThan(1);
            assertThat(megabits(packed.run("iperf3 -f m -c 10.77.0.11 -t 3", SOON)))
                    .isGreaterThan(1);

            // The driver goes away and comes back: the rings stop, and begin anew at their first descriptor.
            packed.run(
                    "ip link set eth0 down; cd /sys/bus/virtio/drivers/virtio_net; for d in virtio*; do"
                            + " echo $d > unbind; echo $d > bind; done; ip link set eth0 up; ip address add 10.77.0.10/24 dev eth0",
                    SOON);
            assertThat(split.run("ping -c 5 -i 0.2 10.77.0.10", SOON)).contains("5 packets received");
        }
    }

    private static String layout(SwitchUnderTest patchbay, String port) throws Exception {
        return patchbay.ask("/v1/ports/" + port).at("/details/device/layout").stringValue();
    }

    /** What the receiver of an iperf3 run got. */
    private static double megabits(String report) {
        var receiver = java.util.regex.Pattern.compile("([\\d.]+) Mbits/sec\\s+receiver")
                .matcher(report);
        assertThat(receiver.find()).as(report).isTrue();
        return Double.parseDouble(receiver.group(1));
    }
}
