package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.control.Totals;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Frames between two ports of DPDK's virtio-user driver, which loops what it receives: its counters and ours must agree. */
class DpdkIT {

    private static final Pattern ALL_FRAMES =
            Pattern.compile("(?s)Accumulated.*?RX-packets: (\\d+).*?TX-packets: (\\d+)");

    @BeforeEach
    void peers() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("dpdk-testpmd");
        Peers.needHugePages(400);
    }

    @ParameterizedTest(name = "{0} bytes, mrg_rxbuf={1}, {2} entries, {3} s")
    @CsvSource({
        "  64, 1,  256, 5",
        "1500, 1, 1024, 5",
        "  64, 0, 1024, 2",
        " 128, 1,  256, 2",
        " 512, 0,  256, 2",
        "1500, 0,  256, 2",
        "4000, 1,  256, 2",
        "4000, 0, 1024, 2",
        "9000, 1, 1024, 5",
        "9000, 0,  256, 2",
    })
    void framesLoopInBothDirectionsAndTheCountersAgree(int bytes, int mergeable, int entries, int seconds)
            throws Exception {
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(2, List.of(), "adaptive")) {
            String report;
            try (Conversation testpmd = new Conversation(command(patchbay, mergeable, entries))) {
                testpmd.await("testpmd>", Duration.ofSeconds(40));
                testpmd.say("set txpkts " + bytes);
                testpmd.say("start tx_first 4");
                TimeUnit.SECONDS.sleep(seconds);
                testpmd.say("stop");
                testpmd.say("quit");
                report = testpmd.finish(Duration.ofSeconds(20));
            }
            Matcher sums = ALL_FRAMES.matcher(report);
            assertThat(sums.find()).as(report).isTrue();
            long received = Long.parseLong(sums.group(1));
            long sent = Long.parseLong(sums.group(2));
            Totals totals = patchbay.totals();
            assertThat(totals.balance()).as("%s", totals).isTrue();
            assertThat(received)
                    .as("frames that came back: a loop, not just the first burst")
                    .isGreaterThan(10_000);
            // What testpmd had handed over or not yet fetched when it stopped is at most what fits into its rings.
            assertThat(sent - totals.received()).as("sent %s, %s", sent, totals).isBetween(0L, 2L * entries);
            assertThat(totals.delivered() - received)
                    .as("received %s, %s", received, totals)
                    .isBetween(0L, 2L * entries);
            assertThat(totals.dropped()).as("%s", totals).isLessThanOrEqualTo(totals.received() / 1000);
        }
    }

    private static List<String> command(SwitchUnderTest patchbay, int mergeable, int entries) {
        List<String> command = new ArrayList<>(List.of("timeout", "60", "dpdk-testpmd"));
        // Each port's frames are addressed to 02:00:00:00:00:0N with N its own number, hence the crossed addresses.
        command.addAll(List.of("--lcores", "0@0,1@1", "--main-lcore", "0", "--no-pci"));
        command.addAll(List.of("--in-memory", "--single-file-segments", "-m", "512", "--file-prefix=patchbay-test"));
        for (int port = 0; port < 2; port++) {
            command.add("--vdev=net_virtio_user%d,path=%s,mac=02:00:00:00:00:0%d,queue_size=%d,mrg_rxbuf=%d"
                    .formatted(port, patchbay.socket(port), 1 - port, entries, mergeable));
        }
        command.addAll(List.of("--", "-i", "--forward-mode=io", "--nb-cores=1", "--mbuf-size=9728"));
        command.addAll(List.of("--total-num-mbufs=8192", "--max-pkt-len=9200"));
        command.addAll(List.of("--rxd=" + entries, "--txd=" + entries));
        return command;
    }
}
