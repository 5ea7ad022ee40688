package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;

/** {@code patchbay bench}: that it measures, not what. */
class BenchCommandTest {

    private static Console.Ran bench(String... arguments) {
        return Console.run(
                Stream.concat(Stream.of("bench", "--seconds", "1", "--warm-up", "0", "--json"), Stream.of(arguments))
                        .toArray(String[]::new));
    }

    @ParameterizedTest
    @MethodSource("layouts")
    void aSwitchOfItsOwnCarriesEveryFrame(List<String> options, String layout) {
        Console.Ran ran = bench(options.toArray(String[]::new));

        assertThat(ran.exitCode()).as(ran.err()).isZero();
        JsonNode report = ran.json();
        assertThat(report.path("layout").asString()).isEqualTo(layout);
        assertThat(report.path("rates")).hasSize(2).allSatisfy(rate -> {
            assertThat(rate.path("framesPerSecond").asLong()).isPositive();
            assertThat(rate.path("lost").asLong()).isZero();
        });
        assertThat(report.path("roundTrips")).hasSize(2).allSatisfy(trips -> {
            assertThat(trips.path("count").asLong()).isPositive();
            assertThat(trips.path("lost").asLong()).isZero();
            assertThat(trips.path("p50Nanos").asLong())
                    .isPositive()
                    .isLessThanOrEqualTo(trips.path("p99Nanos").asLong());
        });
    }

    static Stream<Arguments> layouts() {
        return Stream.of(Arguments.of(List.of(), "split"), Arguments.of(List.of("--packed"), "packed"));
    }

    @Test
    void aRunningDaemonIsMeasuredThroughItsSockets() throws Exception {
        try (OperatedSwitch patchbay = new OperatedSwitch()) {
            Console.Ran ran = bench(
                    "--sockets", patchbay.socket(0) + "," + patchbay.socket(1), "--sizes", "60", "--pace", "1000");

            assertThat(ran.exitCode()).as(ran.err()).isZero();
            assertThat(ran.json().path("rates").path(0).path("framesPerSecond").asLong())
                    .isBetween(500L, 1000L);
            assertThat(patchbay.daemon().totals().delivered()).isGreaterThanOrEqualTo(1000);
        }
    }

    @ParameterizedTest
    @MethodSource("refusals")
    void whatCannotBeMeasuredIsRefused(List<String> options, String why) {
        Console.Ran ran = bench(options.toArray(String[]::new));

        assertThat(ran.exitCode()).isEqualTo(2);
        assertThat(ran.err()).contains(why);
    }

    static Stream<Arguments> refusals() {
        return Stream.of(
                Arguments.of(List.of("--sizes", "59"), "--sizes are 60 to 9018 bytes"),
                Arguments.of(List.of("--sockets", "/tmp/one.sock"), "--sockets takes two sockets, not 1"),
                Arguments.of(
                        List.of("--sockets", "/a.sock,/" + "b".repeat(107)), "--sockets are paths of 1 to 107 bytes"),
                Arguments.of(List.of("--pace", "0"), "--pace is 1 to 1000000"));
    }

    @Test
    void aSocketThatIsNotThereOrThatNobodyListensOnIsNamedInALine(@TempDir Path directory) throws Exception {
        Path socket = directory.resolve("deserted.sock");
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(socket))
                .close();

        assertThat(bench("--sockets", "/nonexistent/a.sock,/nonexistent/b.sock"))
                .isEqualTo(new Console.Ran(
                        1, "", "patchbay: connect /nonexistent/a.sock: no such file or directory (ENOENT)\n"));
        assertThat(bench("--sockets", socket + "," + socket))
                .isEqualTo(new Console.Ran(
                        1, "", "patchbay: connect " + socket + ": connection refused (ECONNREFUSED)\n"));
    }
}
