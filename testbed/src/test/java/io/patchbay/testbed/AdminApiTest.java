package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.port.DropReason;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.Request;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** The admin API and the metrics as they are on the wire, of a switch that had reason to drop. */
class AdminApiTest {

    private static final String FIRST = "02:00:00:00:0b:00";
    private static final String SECOND = "02:00:00:00:0b:01";
    private static final Pattern DROP = Pattern.compile(
            "patchbay_drop_frames_total\\{direction=\"(\\w+)\",port=\"(\\w+)\",reason=\"(\\w+)\",\\} (\\S+)");

    private static final Pattern INJECTED_DROP =
            Pattern.compile("patchbay_injected_drop_frames_total\\{reason=\"(\\w+)\",worker=\"0\",\\} (\\S+)");
    private static final Pattern FRAMES = Pattern.compile("(?m)^patchbay_(\\w+)_total\\{.*\\} (\\S+)$");

    private static OperatedSwitch patchbay;

    @BeforeAll
    static void start() throws Exception {
        patchbay = new OperatedSwitch();
        FrontEnd first = patchbay.plugIn(0);
        first.send(OperatedSwitch.frame(SECOND, FIRST)); // nobody else is there
        patchbay.awaitReceived(1);
        first.send(new byte[10]);
        first.send(OperatedSwitch.frame(SECOND, "03:00:00:00:00:00"));
        first.send(OperatedSwitch.frame("01:80:c2:00:00:0e", FIRST));
        first.send(OperatedSwitch.frame(FIRST, FIRST));
        patchbay.awaitReceived(5);
        byte[] firstAnnounced = Message.number(Long.reverseBytes(0x0200_0000_0b00L << 16));
        first.client().tell(Request.SEND_RARP, firstAnnounced, List.of());
        patchbay.awaitInjected(1);
    }

    @AfterAll
    static void stop() throws Exception {
        patchbay.close();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET     | /                        | 404 | nothing is at /",
                "GET     | /v1/ports/               | 404 | there is no port",
                "GET     | /v1/ports/vm9            | 404 | there is no port vm9; there are: vm0, vm1",
                "GET     | /v1/portsvm0             | 404 | nothing is at /v1/portsvm0",
                "GET     | /v1/ports/%01%09%22x     | 404 | there is no port \u0001\t\"x",
                "GET     | /v1/fdb?port=vm9         | 404 | there is no port vm9; there are: vm0, vm1",
                "DELETE  | /v1/fdb?port=vm9         | 404 | there is no port vm9; there are: vm0, vm1",
                "DELETE  | /v1/fdb?port=            | 404 | there is no port",
                "DELETE  | /v1/fdb?prot=vm1         | 400 | unknown parameter prot; known: port",
                "DELETE  | /v1/fdb?port=vm0&port=vm1 | 400 | the parameter port is given 2 times",
                "DELETE  | /v1/fdb/                 | 404 | nothing is at /v1/fdb/",
                "GET     | /v1/status?x=1           | 400 | unknown parameter x",
                "GET     | /v1/ports/%zz            | 400 | ",
                "POST    | /v1/fdb                  | 405 | POST is not possible at /v1/fdb; possible: DELETE, GET",
                "DELETE  | /v1/ports/vm0            | 405 | DELETE is not possible at /v1/ports/vm0; possible: GET, PATCH",
                "PATCH   | /v1/ports/vm9?admin=down | 404 | there is no port vm9; there are: vm0, vm1",
                "PATCH   | /v1/ports/vm0            | 400 | the parameter admin must be up or down",
                "PATCH   | /v1/ports/vm0?admin=off  | 400 | the parameter admin must be up or down",
                "PATCH   | /v1/ports/vm0?state=down | 400 | unknown parameter state; known: admin",
                "BREW    | /v1/status               | 405 | BREW is not possible at /v1/status; possible: GET",
            })
    void aBadRequestIsRefusedInWordsAndChangesNothing(String method, String path, int status, String detail)
            throws Exception {
        String before = Http.get(patchbay.admin(), "/v1/fdb").body();
        assertThat(before).contains(FIRST);

        Http.Response response = Http.ask(patchbay.admin(), method, path);

        assertThat(response.status()).isEqualTo(status);
        assertThat(response.header("content-type")).isEqualTo("application/problem+json");
        JsonNode problem = JsonMapper.shared().readTree(response.body());
        assertThat(problem.path("status").asInt()).isEqualTo(status);
        assertThat(problem.path("detail").asString()).startsWith(detail == null ? "" : detail.strip());
        assertThat(response.header("allow").isEmpty()).isEqualTo(status != 405);
        assertThat(addresses(Http.get(patchbay.admin(), "/v1/fdb").body())).isEqualTo(addresses(before));
    }

    private static Map<String, String> addresses(String fdb) {
        Map<String, String> byAddress = new TreeMap<>();
        JsonMapper.shared()
                .readTree(fdb)
                .forEach(entry -> byAddress.put(
                        entry.path("address").asString(), entry.path("port").asString()));
        return byAddress;
    }

    @Test
    void whatIsNotHttpIsRefusedAndTheConnectionEnds() throws Exception {
        assertThat(Http.exchange(patchbay.admin(), "hello\r\n\r\n").status()).isEqualTo(400);
    }

    /** Such a client asked for the connection to be kept, as all do that do not say anything else. */
    @Test
    void aHeadThatIsTooLongIsRefusedAndTheConnectionEnds() throws Exception {
        String head = "GET /v1/status HTTP/1.1\r\nHost: a\r\nX: " + "x".repeat(20_000) + "\r\n\r\n";
        assertThat(Http.exchange(patchbay.admin(), head).status()).isEqualTo(400);
    }

    @Test
    void aRequestThatIsTooLongIsRefused() throws Exception {
        Http.Response response = Http.exchange(
                patchbay.admin(),
                "POST /v1/fdb HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 1000000\r\n\r\n");
        assertThat(response.status()).isEqualTo(413);
    }

    @Test
    void everyReasonToDropHasTheSameWordEverywhere() throws Exception {
        String scrape = Http.get(patchbay.metrics(), "/metrics").body();
        Map<String, Long> metrics = new TreeMap<>();
        var matcher = DROP.matcher(scrape);
        Map<String, Boolean> words = new TreeMap<>();
        while (matcher.find()) {
            words.put(matcher.group(3), true);
            long frames = (long) Double.parseDouble(matcher.group(4));
            if (frames > 0) {
                metrics.put(matcher.group(2) + " " + matcher.group(1) + " " + matcher.group(3), frames);
            }
        }
        for (var injected = INJECTED_DROP.matcher(scrape); injected.find(); ) {
            long frames = (long) Double.parseDouble(injected.group(2));
            if (frames > 0) {
                metrics.put("- injected " + injected.group(1), frames);
            }
        }
        Map<String, Long> commands = new TreeMap<>();
        Console.run("drops", "-o", "json", "--socket", patchbay.adminSocket().toString())
                .json()
                .forEach(drop -> commands.put(
                        drop.path("port").asString()
                                + " "
                                + drop.path("direction").asString()
                                + " "
                                + drop.path("reason").asString(),
                        drop.path("frames").asLong()));

        assertThat(words.keySet())
                .isEqualTo(Arrays.stream(DropReason.values())
                        .map(DropReason::label)
                        .collect(Collectors.toSet()));
        assertThat(commands).isEqualTo(metrics);
        assertThat(commands)
                .containsOnlyKeys(
                        "- injected no_destination",
                        "vm0 receive invalid_source",
                        "vm0 receive no_destination",
                        "vm0 receive reserved_address",
                        "vm0 receive runt",
                        "vm0 receive same_port");
    }

    @Test
    void theSumsBalanceByTheMetricsAlone() throws Exception {
        Map<String, Double> sums = new TreeMap<>();
        for (var line = FRAMES.matcher(Http.get(patchbay.metrics(), "/metrics").body()); line.find(); ) {
            sums.merge(line.group(1), Double.parseDouble(line.group(2)), Double::sum);
        }
        assertThat(sums.get("injected_frames")).isEqualTo(1);
        assertThat(sums.get("port_receive_frames")
                        + sums.get("port_flood_copies")
                        + sums.get("injected_frames")
                        + sums.get("injected_flood_copies"))
                .isEqualTo(
                        sums.get("port_transmit_frames") + sums.get("drop_frames") + sums.get("injected_drop_frames"));
    }

    @Test
    void prometheusFindsNothingWrongWithTheMetrics() throws Exception {
        Peers.needPrograms("promtool");
        Path scrape = Files.createTempFile("patchbay", ".metrics");
        try {
            Files.writeString(scrape, Http.get(patchbay.metrics(), "/metrics").body());
            assertThat(Shell.run("promtool check metrics < " + scrape)).isEmpty();
        } finally {
            Files.delete(scrape);
        }
    }

    @Test
    void aClientThatKnowsOpenMetricsGetsThem() throws Exception {
        Http.Response response = Http.exchange(
                patchbay.metrics(),
                "GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept: application/openmetrics-text; version=1.0.0\r\n\r\n");

        assertThat(response.header("content-type")).startsWith("application/openmetrics-text");
        assertThat(response.body()).endsWith("# EOF\n");
    }

    @Test
    void readinessTellsOfEachPortWhenAsked() throws Exception {
        assertThat(Http.get(patchbay.metrics(), "/livez").status()).isEqualTo(200);
        assertThat(Http.get(patchbay.metrics(), "/readyz").body()).isEqualTo("ok\n");
        assertThat(Http.get(patchbay.metrics(), "/readyz?verbose").body())
                .startsWith("ok\nvm0: up: ")
                .contains("\nvm1: down: waiting for a front end to connect to ");
        JsonNode status = JsonMapper.shared()
                .readTree(Http.get(patchbay.admin(), "/v1/status").body());
        assertThat(status.path("ports").asInt()).isEqualTo(2);
        assertThat(status.path("portsUp").asInt()).isOne();
    }
}
