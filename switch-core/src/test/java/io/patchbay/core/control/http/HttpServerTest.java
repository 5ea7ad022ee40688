package io.patchbay.core.control.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What clients that behave badly cost the server, and those that behave well. */
@Timeout(60)
class HttpServerTest {

    private static final int PIPELINED = 50_000;
    private static final String LARGE = "x".repeat(64 * 1024);

    @TempDir
    private Path directory;

    private final AtomicInteger answered = new AtomicInteger();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.onSocket(
                directory.resolve("socket"),
                List.of(
                        Route.get("/small", asked -> Answer.text(200, "ok\n")),
                        Route.get("/hungry", asked -> {
                            throw new OutOfMemoryError("not really");
                        }),
                        Route.get(
                                "/parts",
                                asked -> Answer.json(Stream.generate(() -> LARGE)
                                        .limit(500)
                                        .peek(part -> answered.incrementAndGet())
                                        .iterator())),
                        Route.get(
                                "/broken",
                                asked -> Answer.json(Stream.generate(() -> {
                                            if (answered.incrementAndGet() > 3) {
                                                throw new OutOfMemoryError("not really");
                                            }
                                            return "a part";
                                        })
                                        .iterator())),
                        Route.get("/counted", asked -> Answer.text(200, "n" + answered.incrementAndGet() + "\n")),
                        Route.get("/large", asked -> {
                            answered.incrementAndGet();
                            return Answer.text(200, LARGE);
                        })));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    private Client connect() throws IOException {
        return Client.connect(server.address());
    }

    @Test
    void aClientThatDoesNotReadIsAnsweredNoMoreThanItsSocketHolds() throws Exception {
        try (Client mute = connect();
                Client other = connect()) {
            mute.send("GET /large HTTP/1.1\r\n\r\n".repeat(500));

            // One thread serves both, in turn: what it would do for the first, it has done when it asks for the second
            // again.
            assertThat(other.ask("/small")).endsWith("ok\n");
            assertThat(other.ask("/small")).endsWith("ok\n");
            assertThat(answered).hasValueBetween(1, 50);
        }
    }

    @Test
    void aLargeAnswerIsMadeAsItsReaderTakesIt() throws Exception {
        try (Client late = connect();
                Client other = connect()) {
            late.send("GET /parts HTTP/1.1\r\n\r\n");
            assertThat(other.ask("/small")).endsWith("ok\n");
            assertThat(other.ask("/small")).endsWith("ok\n");
            assertThat(answered).hasValueBetween(1, 50);

            assertThat(late.answer()).contains("transfer-encoding: chunked").endsWith("\r\n\r\n" + LARGE.repeat(500));
            assertThat(late.ask("/small")).endsWith("ok\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/small", "/parts"})
    void whoAsksForTheHeadAloneGetsIt(String path) throws Exception {
        try (Client client = connect()) {
            client.send("HEAD " + path + " HTTP/1.1\r\nConnection: close\r\n\r\n");
            assertThat(client.rest()).startsWith("HTTP/1.1 200 OK\r\n").endsWith("\r\n\r\n");
        }
    }

    @Test
    void afterAHeadAloneTheNextAnswerIsWhole() throws Exception {
        try (Client client = connect()) {
            client.send("HEAD /parts HTTP/1.1\r\n\r\nGET /small HTTP/1.1\r\nConnection: close\r\n\r\n");
            assertThat(client.rest())
                    .containsOnlyOnce("transfer-encoding: chunked")
                    .endsWith("\r\n\r\nok\n");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "http://patchbay/small, 200",
        "http://patchbay:9466/small?, 200",
        "HTTP://patchbay/none, 404",
        "*, 404",
        "a b, 400"
    })
    void whatIsAskedForMayHaveItsHostBeforeIt(String target, int status) throws Exception {
        try (Client client = connect()) {
            client.send("GET " + target + " HTTP/1.1\r\nConnection: close\r\n\r\n");
            assertThat(client.rest()).startsWith("HTTP/1.1 " + status + " ");
        }
    }

    @Test
    void aClientThatKnowsNoChunksGetsALargeAnswerUntilTheConnectionEnds() throws Exception {
        try (Client old = connect()) {
            old.send("GET /parts HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
            assertThat(old.answer()).doesNotContain("transfer-encoding").contains("connection: close");
            assertThat(old.rest()).isEqualTo(LARGE.repeat(500));
        }
    }

    @Test
    void anAnswerThatBreaksOffEndsTheConnectionAndNoOther() throws Exception {
        try (Client client = connect();
                Client other = connect()) {
            client.send("GET /broken HTTP/1.1\r\n\r\n");
            assertThat(client.rest()).endsWith("6\r\na part\r\n"); // no chunk of length 0, which would be the end
            assertThat(other.ask("/small")).endsWith("ok\n");
        }
    }

    @Test
    void aClientThatReadsLateGetsEveryAnswerInOrder() throws Exception {
        try (Client late = connect()) {
            // Those that the sockets have no room for are sent while the answers come in.
            Thread sender =
                    Thread.ofVirtual().start(() -> late.send("GET /counted HTTP/1.1\r\n\r\n".repeat(PIPELINED)));
            List<String> numbers = new ArrayList<>();
            while (numbers.size() < PIPELINED) {
                numbers.add(late.answer().lines().toList().getLast());
            }
            sender.join();

            assertThat(numbers).first().isEqualTo("n1");
            assertThat(numbers).last().isEqualTo("n" + PIPELINED);
            assertThat(numbers).doesNotHaveDuplicates();
        }
    }

    @Test
    void aRequestMayComeInManyPieces() throws Exception {
        try (Client slow = connect()) {
            for (String piece :
                    "GET /small HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc".split("(?<=\\G.{5})")) {
                slow.send(piece);
            }
            assertThat(slow.answer()).endsWith("ok\n");
            assertThat(slow.ask("/small")).endsWith("ok\n");
        }
    }

    @Test
    void aRequestMayBeLongerThanWhatIsReadAtATime() throws Exception {
        try (Client client = connect()) {
            client.send("GET /small HTTP/1.1\r\nContent-Length: 60000\r\n\r\n" + "b".repeat(60_000));
            assertThat(client.answer()).endsWith("ok\n");
            client.send("GET /small HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n");
            assertThat(client.answer()).startsWith("HTTP/1.1 100 ");
            client.send("abc");
            assertThat(client.answer()).endsWith("ok\n");
        }
    }

    @Test
    void aRequestThatIsTooLargeEndsItsConnection() throws Exception {
        for (String expect : List.of("", "Expect: 100-continue\r\n")) {
            try (Client client = connect()) {
                client.send("GET /small HTTP/1.1\r\n" + expect + "Content-Length: 1000000\r\n\r\n");
                assertThat(client.answer()).startsWith("HTTP/1.1 413 ");
                assertThat(client.isAtEnd()).isTrue();
            }
        }
    }

    /** A socket that is closed with something unread takes back what was written to it. */
    @Test
    void aClientThatIsRefusedIsToldAlthoughItHasSentMore() throws Exception {
        try (Client large = connect();
                Client longHead = connect()) {
            large.send("GET /small HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n" + "b".repeat(1_000_000));
            assertThat(large.answer()).startsWith("HTTP/1.1 413 ");
            assertThat(large.isAtEnd()).isTrue();

            longHead.send("GET /small HTTP/1.1\r\nX: " + "x".repeat(100_000) + "\r\n\r\n");
            assertThat(longHead.answer()).startsWith("HTTP/1.1 400 ");
            assertThat(longHead.isAtEnd()).isTrue();
        }
    }

    @Test
    void anAnswerThatMemoryIsTooShortForIsAFailureAndTheNextIsGiven() throws Exception {
        try (Client client = connect()) {
            assertThat(client.ask("/hungry"))
                    .startsWith("HTTP/1.1 500 ")
                    .contains("application/problem+json")
                    .endsWith("{\"status\":500,\"detail\":\"internal error: java.lang.OutOfMemoryError: not really\"}");
            assertThat(client.ask("/small")).endsWith("ok\n");
        }
    }

    @Test
    void aConnectionBeyondTheLimitTakesThePlaceOfTheOldestAndTheOthersAreServed() throws Exception {
        List<Client> clients = new ArrayList<>();
        try {
            for (int i = 0; i < HttpServer.MAX_CONNECTIONS; i++) {
                clients.add(connect());
                assertThat(clients.getLast().ask("/small")).endsWith("ok\n");
            }
            try (Client probe = connect()) {
                assertThat(probe.ask("/small")).endsWith("ok\n");
                assertThat(clients.removeFirst().isAtEnd()).isTrue();
                assertThat(clients)
                        .allSatisfy(client -> assertThat(client.ask("/small")).endsWith("ok\n"));
            }
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
    }

    @Test
    void aConnectionThatHasEndedTakesNoPlace() throws Exception {
        List<Client> clients = new ArrayList<>();
        try {
            for (int i = 0; i < HttpServer.MAX_CONNECTIONS; i++) {
                clients.add(connect());
            }
            Client leaving = clients.removeLast();
            leaving.send("GET /small HTTP/1.1\r\nConnection: close\r\n\r\n");
            assertThat(leaving.answer()).endsWith("ok\n");
            assertThat(leaving.isAtEnd()).isTrue();
            clients.add(connect());
            assertThat(clients)
                    .allSatisfy(client -> assertThat(client.ask("/small")).endsWith("ok\n"));
        } finally {
            for (Client client : clients) {
                client.close();
            }
        }
    }
}
