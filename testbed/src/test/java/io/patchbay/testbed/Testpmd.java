package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.control.Totals;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * DPDK's virtio-user driver at both ends of a loop: two ports of one testpmd, each of which sends on what the other receives.
 *
 * @param bytes length of the frames
 * @param entries size of each virtqueue
 * @param queues queue pairs of each port
 * @param options options of both devices, as in {@code packed_vq=1}
 * @param bufferBytes size of the driver's buffers
 */
record Testpmd(int bytes, int entries, int queues, String options, int bufferBytes) {

    private static final Pattern ALL_FRAMES =
            Pattern.compile("(?s)Accumulated.*?RX-packets: (\\d+).*?TX-packets: (\\d+)");

    /**
     * Lets frames loop for a while; the driver's counters and the switch's must agree in the end.
     *
     * @param bursts of 32 frames that each queue begins with
     * @param meanwhile checked while frames loop
     */
    void loop(SwitchUnderTest patchbay, int bursts, Duration time, Callable<Void> meanwhile) throws Exception {
        String report;
        try (Conversation testpmd = new Conversation(command(patchbay))) {
            testpmd.await("testpmd>", Duration.ofSeconds(40));
            testpmd.say("set txpkts " + bytes);
            testpmd.say("start tx_first " + bursts);
            TimeUnit.MILLISECONDS.sleep(time.toMillis());
            meanwhile.call();
            testpmd.say("stop");
            testpmd.say("quit");
            report = testpmd.finish(Duration.ofSeconds(20));
        }
        Matcher sums = ALL_FRAMES.matcher(report);
        assertThat(sums.find()).as(report).isTrue();
        assertCountersAgree(patchbay.totals(), Long.parseLong(sums.group(1)), Long.parseLong(sums.group(2)));
    }

    private void assertCountersAgree(Totals totals, long received, long sent) {
        assertThat(totals.balance()).as("%s", totals).isTrue();
        assertThat(received)
                .as("frames that came back: a loop, not just the first burst")
                .isGreaterThan(10_000);
        // What testpmd had handed over or not yet fetched when it stopped is at most what fits into its rings.
        long inRings = 2L * entries * queues;
        assertThat(sent - totals.received()).as("sent %s, %s", sent, totals).isBetween(0L, inRings);
        assertThat(totals.delivered() - received)
                .as("received %s, %s", received, totals)
                .isBetween(0L, inRings);
        assertThat(totals.dropped()).as("%s", totals).isLessThanOrEqualTo(totals.received() / 1000);
    }

    private List<String> command(SwitchUnderTest patchbay) {
        List<String> command = new ArrayList<>(List.of("timeout", "60", "dpdk-testpmd"));
        command.addAll(List.of("--lcores", "0@0,1@1", "--main-lcore", "0", "--no-pci"));
        command.addAll(List.of("--in-memory", "--single-file-segments", "-m", "512", "--file-prefix=patchbay-test"));
        for (int port = 0; port < 2; port++) {
            // Each port's frames are addressed to 02:00:00:00:00:0N with N its own number, hence the crossed addresses.
            command.add("--vdev=net_virtio_user%d,path=%s,mac=02:00:00:00:00:0%d,queue_size=%d,queues=%d,%s"
                    .formatted(port, patchbay.socket(port), 1 - port, entries, queues, options));
        }
        command.addAll(List.of("--", "-i", "--forward-mode=io", "--nb-cores=1", "--mbuf-size=" + bufferBytes));
        // Every buffer the rings can hold, and some to move.
        command.add("--total-num-mbufs=" + (4 * queues * entries + 4096));
        command.add("--max-pkt-len=" + Math.min(9200, bufferBytes - 400));
        command.addAll(List.of("--rxq=" + queues, "--txq=" + queues, "--rxd=" + entries, "--txd=" + entries));
        return command;
    }
}
