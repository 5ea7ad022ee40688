package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;

/** Frames between two ports of DPDK's virtio-user driver, which loops what it receives: its counters and ours must agree. */
class DpdkIT {

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
        Testpmd testpmd = new Testpmd(bytes, entries, 1, "in_order=0,mrg_rxbuf=" + mergeable, 9728);
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(2, List.of(), "adaptive")) {
            testpmd.loop(patchbay, 4, Duration.ofSeconds(seconds), () -> null);
        }
    }

    @ParameterizedTest(name = "packed_vq={0}, in_order={1}, mrg_rxbuf={2}, queues={3}, {4} entries, server={5}")
    @CsvSource({
        "0, 0, 1, 1,  256, 1",
        "1, 0, 1, 1,  512, 0",
        "0, 1, 1, 1, 4096, 0",
        "1, 1, 1, 1,  256, 1",
        "0, 0, 0, 1, 1024, 0",
        "1, 0, 0, 1, 4096, 1",
        "0, 1, 0, 1,  512, 1",
        "1, 1, 0, 1, 1024, 0",
        "0, 0, 1, 4,  256, 0",
        "1, 0, 1, 4,  512, 1",
        "0, 1, 1, 4, 4096, 1",
        "1, 1, 1, 4,  256, 0",
        "0, 0, 0, 4, 1024, 1",
        "1, 0, 0, 4, 4096, 0",
        "0, 1, 0, 4,  512, 0",
        "1, 1, 0, 4, 1024, 1",
        "1, 0, 1, 1, 4096, 1",
        "1, 1, 1, 1, 1024, 0",
        "1, 0, 0, 1,  512, 0",
        "1, 1, 0, 1,  256, 1",
        "1, 0, 1, 4, 4096, 0",
        "1, 1, 1, 4, 1024, 1",
        "1, 0, 0, 4,  512, 1",
        "1, 1, 0, 4,  256, 0",
    })
    void everyKindOfVirtqueueWorksAndIsShown(
            int packed, int inOrder, int mergeable, int queues, int entries, int server) throws Exception {
        String options =
                "packed_vq=%d,in_order=%d,mrg_rxbuf=%d,server=%d".formatted(packed, inOrder, mergeable, server);
        Testpmd testpmd = new Testpmd(64, entries, queues, options, 2176);
        // Whoever of the two does not listen connects.
        String mode = server == 1 ? "\"type\":\"vhost-user\",\"mode\":\"client\"" : "\"type\":\"vhost-user\"";
        List<String> ports = IntStream.range(0, 2)
                .mapToObj(i -> SwitchUnderTest.guestPort(i).replace("\"type\":\"vhost-user\"", mode))
                .toList();
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(ports, "adaptive")) {
            testpmd.loop(patchbay, 1, Duration.ofSeconds(1), () -> {
                JsonNode device = patchbay.ask("/v1/ports/vm0").at("/details/device");
                List<String> features = texts(device.get("features"));
                assertThat(features.contains("VIRTIO_F_RING_PACKED")).isEqualTo(packed == 1);
                assertThat(features.contains("VIRTIO_F_IN_ORDER")).isEqualTo(inOrder == 1);
                assertThat(features.contains("VIRTIO_NET_F_MRG_RXBUF")).isEqualTo(mergeable == 1);
                assertThat(device.get("layout").stringValue()).isEqualTo(packed == 1 ? "packed" : "split");
                assertThat(device.get("queues").size()).isEqualTo(2 * queues);
                for (JsonNode queue : device.get("queues")) {
                    assertThat(queue.get("size").intValue()).isEqualTo(entries);
                    assertThat(queue.get("state").stringValue()).isEqualTo("running");
                }
                return null;
            });
            for (int port = 0; port < 2; port++) {
                Files.deleteIfExists(Path.of(patchbay.socket(port))); // DPDK leaves its own behind
            }
        }
    }

    private static List<String> texts(JsonNode array) {
        List<String> texts = new ArrayList<>();
        for (JsonNode text : array) {
            texts.add(text.stringValue());
        }
        return texts;
    }
}
