package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.control.Totals;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A raw-socket port on one end of a cable whose other end is in a namespace. */
class RawSocketIT {

    private Namespace far;

    @BeforeEach
    void cable() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("ip", "scapy");
        far = new Namespace("pbrs");
        far.run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
        Shell.run("ip link add pbrsn type veth peer name pbrsf netns pbrs"
                + " && sysctl -qw net.ipv6.conf.pbrsn.disable_ipv6=1 && ip link set pbrsn up arp off");
        far.run("ip link set pbrsf up arp off");
    }

    @AfterEach
    void cut() throws Exception {
        far.close();
        Shell.run("ip link del pbrsn 2>/dev/null || true");
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
            int frames = 0;
            while (patchbay.dropped("wire", "kernel_drop") < 100) {
                byte[] frame = new byte[1000];
                frame[0] = 2;
                frame[6] = 4;
                sockets.send("pbrsf", frame, 1000);
                frames += 1000;
                assertThat(frames).as("frames sent without a drop").isLessThan(1_000_000);
            }
            // What was dropped last is counted when the next frame is read.
            sockets.send("pbrsf", new byte[] {2, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0}, 1);
            patchbay.awaitReceived(frames + 1);
            Totals totals = patchbay.totals();
            assertThat(totals.balance()).as("%s", totals).isTrue();
            assertThat(totals.received()).isEqualTo(frames + 1);
        }
    }
}
