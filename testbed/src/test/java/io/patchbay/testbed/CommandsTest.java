package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.frontend.FrontEnd;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** What an operator types, against a live daemon: two guests, of which the first has sent the second a frame. */
class CommandsTest {

    private static final String FIRST = "02:00:00:00:0a:00";
    private static final String SECOND = "02:00:00:00:0a:01";

    private static OperatedSwitch patchbay;

    @TempDir
    private Path directory;

    @BeforeAll
    static void start() throws Exception {
        patchbay = new OperatedSwitch();
        FrontEnd first = patchbay.plugIn(0);
        FrontEnd second = patchbay.plugIn(1);
        assertThat(first.send(OperatedSwitch.frame(SECOND, FIRST))).isTrue();
        patchbay.awaitReceived(1);
        assertThat(second.send(OperatedSwitch.frame(FIRST, SECOND))).isTrue();
        assertThat(second.send(OperatedSwitch.frame("01:80:c2:00:00:00", SECOND)))
                .isTrue();
        patchbay.awaitReceived(3);
    }

    @AfterAll
    static void stop() throws Exception {
        patchbay.close();
    }

    private static Console.Ran ask(String... arguments) {
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "--socket";
        all[arguments.length + 1] = patchbay.adminSocket().toString();
        return Console.run(all);
    }

    private static JsonNode json(String... arguments) {
        String[] all = java.util.Arrays.copyOf(arguments, arguments.length + 2);
        all[arguments.length] = "-o";
        all[arguments.length + 1] = "json";
        Console.Ran ran = ask(all);
        assertThat(ran.exitCode()).as(ran.err()).isZero();
        assertThat(ran.err()).isEmpty();
        return ran.json();
    }

    /** The lines of a table, cut at its gaps. */
    private static List<List<String>> table(String... arguments) {
        Console.Ran ran = ask(arguments);
        assertThat(ran.exitCode()).as(ran.err()).isZero();
        assertThat(ran.err()).isEmpty();
        return ran.out()
                .lines()
                .map(line -> List.of(line.strip().split(" {2,}")))
                .toList();
    }

    @Test
    void statusSaysHowManyPortsAreUp() {
        assertThat(table("status")).contains(List.of("WHAT", "VALUE"), List.of("ports", "2"), List.of("portsUp", "2"));
        JsonNode status = json("status");
        assertThat(status.path("ports").asInt()).isEqualTo(2);
        assertThat(status.path("workers").asInt()).isEqualTo(1);
        assertThat(status.path("metrics").asString()).matches("127\\.0\\.0\\.1:\\d+");
    }

    @Test
    void portListHasALineForEachPort() {
        assertThat(table("port", "list"))
                .hasSize(3)
                .first()
                .isEqualTo(List.of("NAME", "TYPE", "STATE", "RECEIVED", "DELIVERED", "DROPPED", "REASON"));
        assertThat(table("port", "list").get(2)).startsWith("vm1", "vhost-user", "up", "2", "1", "1");
        JsonNode second = json("port", "list").path(1);
        assertThat(second.path("name").asString()).isEqualTo("vm1");
        assertThat(second.path("state").asString()).isEqualTo("up");
        assertThat(second.path("received").path("frames").asLong()).isEqualTo(2);
        assertThat(second.path("received").path("bytes").asLong()).isEqualTo(120);
    }

    @Test
    void portShowTellsAllOfOnePort() {
        assertThat(table("port", "show", "vm1"))
                .contains(List.of("name", "vm1"), List.of("type", "vhost-user"), List.of("state", "up"))
                .anySatisfy(row -> assertThat(row).first().asString().endsWith("socket"));
        JsonNode port = json("port", "show", "vm1");
        assertThat(port.path("name").asString()).isEqualTo("vm1");
        assertThat(port.path("details").path("socket").asString()).endsWith("/vm1.sock");
    }

    @Test
    void fdbListShowsWhereAddressesWereLearnt() {
        assertThat(table("fdb", "list"))
                .hasSize(3)
                .anySatisfy(row -> assertThat(row).startsWith(FIRST, "vm0"))
                .anySatisfy(row -> assertThat(row).startsWith(SECOND, "vm1"));
        JsonNode ofSecond = json("fdb", "list", "--port", "vm1");
        assertThat(ofSecond.size()).isEqualTo(1);
        assertThat(ofSecond.path(0).path("address").asString()).isEqualTo(SECOND);
    }

    @Test
    void fdbFlushForgetsTheAddressesOfAPortOrAll() throws Exception {
        try (OperatedSwitch other = new OperatedSwitch()) {
            other.plugIn(0).send(OperatedSwitch.frame(SECOND, FIRST));
            other.awaitReceived(1);
            other.plugIn(1).send(OperatedSwitch.frame(FIRST, SECOND));
            other.awaitReceived(2);
            String socket = other.adminSocket().toString();

            assertThat(Console.run("fdb", "flush", "--port", "vm1", "--socket", socket, "-o", "json")
                            .json()
                            .path("flushed")
                            .asInt())
                    .isEqualTo(1);
            assertThat(Console.run("fdb", "list", "--socket", socket).out())
                    .contains(FIRST)
                    .doesNotContain(SECOND);
            assertThat(Console.run("fdb", "flush", "--socket", socket).out().lines())
                    .containsExactly("FLUSHED", "1");
            assertThat(Console.run("fdb", "list", "--socket", socket, "-o", "json")
                            .json()
                            .isEmpty())
                    .isTrue();
        }
    }

    @Test
    void aPortThatIsShutLeavesItsGuestsFramesWithTheGuestAndCountsWhatIsForIt() throws Exception {
        try (OperatedSwitch other = new OperatedSwitch()) {
            FrontEnd first = other.plugIn(0);
            FrontEnd second = other.plugIn(1);
            first.send(OperatedSwitch.frame(SECOND, FIRST));
            other.awaitReceived(1);
            second.send(OperatedSwitch.frame(FIRST, SECOND));
            other.awaitReceived(2);
            String socket = other.adminSocket().toString();

            Console.Ran down = Console.run("port", "down", "vm1", "--socket", socket);

            assertThat(down.exitCode()).as(down.err()).isZero();
            assertThat(down.out().lines().toList().get(1)).startsWith("vm1   down   down   admin down: set by");
            assertThat(Http.get(other.metrics(), "/metrics").body())
                    .contains("patchbay_port_admin_up{port=\"vm0\",} 1.0")
                    .contains("patchbay_port_admin_up{port=\"vm1\",} 0.0");
            assertThat(Console.run("fdb", "list", "--port", "vm1", "--socket", socket)
                            .out())
                    .doesNotContain(SECOND);
            second.send(OperatedSwitch.frame(FIRST, SECOND));
            second.send(OperatedSwitch.frame(FIRST, SECOND));
            first.send(OperatedSwitch.frame(SECOND, FIRST));
            other.awaitReceived(3);
            assertThat(Console.run("drops", "--socket", socket).out()).contains("no_destination");

            Console.Ran up = Console.run("port", "up", "vm1", "--socket", socket, "-o", "json");

            assertThat(up.json().path("admin").asString()).isEqualTo("up");
            assertThat(up.json().path("state").asString()).isEqualTo("up");
            other.awaitReceived(5);
            assertThat(other.daemon().totals().delivered()).isEqualTo(4);
        }
    }

    @Test
    void statsCountsEveryQueue() {
        assertThat(table("stats"))
                .hasSize(3)
                .anySatisfy(row -> assertThat(row).startsWith("vm1", "0", "2", "120", "1", "60", "0"));
        JsonNode totals = json("stats").path("totals");
        assertThat(totals.path("received").asLong()).isEqualTo(3);
        assertThat(totals.path("delivered").asLong()).isEqualTo(2);
        assertThat(totals.path("dropped").asLong()).isEqualTo(1);
    }

    @Test
    void dropsNamesTheReasonAndExplainsIt() {
        assertThat(table("drops"))
                .hasSize(2)
                .last()
                .asInstanceOf(org.assertj.core.api.InstanceOfAssertFactories.list(String.class))
                .startsWith("vm1", "receive", "reserved_address", "1");
        JsonNode drop = json("drops").path(0);
        assertThat(drop.path("reason").asString()).isEqualTo("reserved_address");
        assertThat(drop.path("frames").asLong()).isEqualTo(1);
        assertThat(drop.path("explanation").asString()).isNotEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "port show nobody, nobody",
        "port down nobody, nobody",
        "port show 'vm0 or so', vm0 or so",
        "port show vm0/../../fdb, vm0/../../fdb",
        "fdb list --port nobody, nobody",
        "fdb flush --port nobody, nobody"
    })
    void anUnknownPortIsNotFoundAndThePortsThereAreAreNamed(String command, String port) {
        String[] arguments = command.replace("'vm0 or so'", "vm0_or_so").split(" ");
        for (int i = 0; i < arguments.length; i++) {
            arguments[i] = arguments[i].replace("vm0_or_so", "vm0 or so");
        }
        Console.Ran ran = ask(arguments);

        assertThat(ran.exitCode()).isEqualTo(3);
        assertThat(ran.out()).isEmpty();
        assertThat(ran.err()).isEqualTo("patchbay: there is no port " + port + "; there are: vm0, vm1\n");
    }

    @ParameterizedTest
    @CsvSource({"status", "port list", "port show vm0", "port up vm0", "fdb list", "fdb flush", "stats", "drops"})
    void withoutADaemonACommandSaysWhereItLooked(String command) {
        String socket = directory.resolve("none.sock").toString();
        Console.Ran ran = Console.run((command + " --socket " + socket).split(" "));

        assertThat(ran.exitCode()).isEqualTo(4);
        assertThat(ran.err()).startsWith("patchbay: no daemon answers at " + socket + ": ");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>",
                "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n\"hello\"",
                "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nNot Found",
                "SSH-2.0-OpenSSH_10.0\r\n",
            })
    void anotherProgramAtTheSocketIsNotTakenForADaemon(String answer) throws Exception {
        Path socket = directory.resolve("other.sock");
        try (ServerSocketChannel other = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            other.bind(UnixDomainSocketAddress.of(socket));
            CompletableFuture<Void> answered = CompletableFuture.runAsync(() -> answerOnce(other, answer));

            Console.Ran ran = Console.run("status", "--socket", socket.toString());

            assertThat(ran.err()).isEqualTo("patchbay: what answers at " + socket + " is not patchbay\n");
            assertThat(ran.out()).isEmpty();
            assertThat(ran.exitCode()).isEqualTo(4);
            answered.get(20, TimeUnit.SECONDS);
        }
    }

    /** Reads some of a question, says something, and waits until whoever asked goes away. */
    private static void answerOnce(ServerSocketChannel server, String answer) {
        try (SocketChannel client = server.accept()) {
            ByteBuffer buffer = ByteBuffer.allocate(4096);
            client.read(buffer);
            client.write(ByteBuffer.wrap(answer.getBytes(StandardCharsets.UTF_8)));
            while (client.read(buffer.clear()) >= 0) {
                assertThat(buffer.position()).isPositive();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "status -o yaml",
        "port",
        "port show",
        "port up",
        "port down vm0 now",
        "fdb flush --prot vm0",
        "fdb nonsense --socket",
        "demo --seconds 0",
        "demo --seconds -1",
        "demo --ports 1",
        "config check"
    })
    void wrongUsageIsExplained(String command) {
        Console.Ran ran = Console.run(command.split(" "));

        assertThat(ran.exitCode()).isEqualTo(2);
        assertThat(ran.err()).contains("Usage: patchbay");
    }

    @Test
    void theHelpSaysWhatExitCodesMean() {
        Console.Ran ran = Console.run("--help");

        assertThat(ran.exitCode()).isZero();
        assertThat(ran.out().lines())
                .containsSequence("Exit codes:", "  0   done; of run: ended by a signal", "  1   failed");
    }

    @Test
    void theAdminSocketIsForItsOwnerAndGroup() throws Exception {
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(patchbay.adminSocket())))
                .isEqualTo("rw-rw----");
    }

    @Test
    void whoMayNotUseTheSocketIsToldSo() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("setpriv");
        try (OperatedSwitch other = new OperatedSwitch()) {
            Files.setAttribute(other.adminSocket(), "unix:uid", 65534);
            Files.setAttribute(other.adminSocket(), "unix:gid", 65534);
            // Root without capabilities is anybody.
            try (PatchbayProcess status = PatchbayProcess.start(
                    List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all"),
                    List.of("status", "--socket", other.adminSocket().toString()))) {
                assertThat(status.awaitExit()).isEqualTo(5);
                assertThat(status.errors())
                        .isEqualTo("patchbay: permission denied at " + other.adminSocket()
                                + ": only its owner and its group may use it\n");
            }
        }
    }

    @Test
    void anAnswerThatCannotBeWrittenIsAFailure() throws Exception {
        Path file = Files.writeString(directory.resolve("good.json"), OperatedSwitch.config(directory, "off"));
        for (List<String> command : List.of(
                List.of(
                        "stats",
                        "-o",
                        "json",
                        "--socket",
                        patchbay.adminSocket().toString()),
                List.of("config", "check", file.toString()))) {
            try (PatchbayProcess process =
                    PatchbayProcess.start(List.of("sh", "-c", "exec \"$@\" > /dev/full", "sh"), command)) {
                assertThat(process.awaitExit()).as("%s", command).isEqualTo(1);
                assertThat(process.errors()).isEqualTo("patchbay: the output cannot be written\n");
            }
        }
    }

    @Test
    void configCheckCountsThePortsOfAGoodFile() throws Exception {
        Path file = Files.writeString(directory.resolve("good.json"), OperatedSwitch.config(directory, "off"));

        Console.Ran table = Console.run("config", "check", file.toString());
        assertThat(table.exitCode()).isZero();
        assertThat(table.out()).isEqualTo(file + ": good, 2 ports\n");
        Console.Ran json = Console.run("config", "check", "-o", "json", file.toString());
        assertThat(json.exitCode()).isZero();
        assertThat(json.json().path("good").asBoolean()).isTrue();
        assertThat(json.json().path("ports").asInt()).isEqualTo(2);
    }

    @Test
    void configCheckHasALineForEveryErrorOfABadFile() throws Exception {
        Path file = Files.writeString(
                directory.resolve("bad.json"),
                OperatedSwitch.config(directory, "somewhere").replace("vm1.sock", "vm0.sock"));

        Console.Ran table = Console.run("config", "check", file.toString());
        assertThat(table.exitCode()).isEqualTo(6);
        assertThat(table.out()).isEmpty();
        assertThat(table.err().lines())
                .hasSize(2)
                .allMatch(line -> line.startsWith("patchbay: " + file + ":"))
                .anyMatch(line -> line.contains(": $.switch.metricsAddress: \"somewhere\": allowed: host:port"))
                .anyMatch(line -> line.contains(": $.ports[1].socket: ") && line.contains("is used by port \"vm0\""));
        Console.Ran json = Console.run("config", "check", "-o", "json", file.toString());
        assertThat(json.exitCode()).isEqualTo(6);
        assertThat(json.json().path("good").asBoolean()).isFalse();
        assertThat(json.json().path("problems").path(0).path("line").asInt()).isEqualTo(1);
        assertThat(json.json().path("problems").path(1).path("path").asString()).isEqualTo("$.ports[1].socket");
    }

    @ParameterizedTest
    @CsvSource({
        "'[{\"name\":\"a\",\"type\":\"tap\",\"device\":\"t0\"},{\"name\":\"b\",\"type\":\"tap\",\"device\":\"t0\"}]', $.ports[1].device: network device t0",
        "'[{\"name\":\"a\",\"type\":\"tap\",\"device\":\"t0\"},{\"name\":\"b\",\"type\":\"raw-socket\",\"interface\":\"t0\"}]', $.ports[1].interface: network device t0",
        "'[{\"name\":\"a\",\"type\":\"raw-socket\",\"interface\":\"e0\"},{\"name\":\"b\",\"type\":\"raw-socket\",\"interface\":\"e0\"}]', $.ports[1].interface: network device e0",
        "'[{\"name\":\"a\",\"type\":\"vhost-user\",\"socket\":\"/x/s\"},{\"name\":\"b\",\"type\":\"vhost-user\",\"socket\":\"/x/./s\"}]', $.ports[1].socket: socket /x/s",
        "'[{\"name\":\"a\",\"type\":\"vhost-user\",\"socket\":\"/run/patchbay/admin.sock\"}]', $.ports[0].socket: socket /run/patchbay/admin.sock",
    })
    void aDeviceOrSocketCannotBeUsedTwice(String ports, String problem) throws Exception {
        Path file = Files.writeString(directory.resolve("twice.json"), "{\"ports\": " + ports + "}");

        Console.Ran ran = Console.run("config", "check", file.toString());

        assertThat(ran.exitCode()).isEqualTo(6);
        assertThat(ran.err()).contains(problem + ": is used by ").endsWith(" already\n");
    }
}
