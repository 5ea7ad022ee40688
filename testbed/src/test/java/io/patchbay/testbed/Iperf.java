package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Reads what {@code iperf3 -J} prints. */
final class Iperf {

    private Iperf() {}

    /** That the receiver got something to speak of, and of UDP nearly all. */
    static void wentWell(String report) {
        JsonNode end = JsonMapper.shared().readTree(report).get("end");
        JsonNode received = end.has("sum_received") ? end.get("sum_received") : end.get("sum");
        assertThat(received.get("bits_per_second").doubleValue()).isGreaterThan(20e6);
        if (received.has("lost_percent")) {
            assertThat(received.get("lost_percent").doubleValue()).isLessThan(5);
        }
    }
}
