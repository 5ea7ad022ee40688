package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.control.Daemon;
import io.patchbay.core.control.config.ConfigReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.databind.JsonNode;

/**
 * A pair of uplinks to two ports of one Linux bridge, with a station behind the switch and another on the bridge.
 *
 * <pre>
 *   namespace pbpv        the switch            namespace pbpn
 *   10.81.0.1  pbpg ── tap "vm" ── "up" ──┬── "one" ─ pbpf1 ─┐
 *                                         └── "two" ─ pbpf2 ─┴─ pbpbr  10.81.0.254
 * </pre>
 */
class PairIT {

    private static final Logger LOG = LoggerFactory.getLogger(PairIT.class);
    private static final String STATION = "02:00:00:00:81:01";
    private static final int PING_MILLIS = 10;
    private static final Pattern PINGED = Pattern.compile("(\\d+) packets transmitted, (\\d+) received");

    private Namespace network;
    private Namespace station;
    private Namespace host;

    /** What the members are; the devices whose state is changed are on the bridge either way. */
    enum Kind {
        RAW_SOCKET {
            @Override
            String port(String name, int number) {
                return "{\"name\":\"%s\",\"type\":\"raw-socket\",\"interface\":\"pbph%d\",\"namespace\":\"/run/netns/pbph\"}"
                        .formatted(name, number);
            }
        },
        /** In the namespace of the daemon, where alone macvtap devices are found. */
        MACVTAP {
            @Override
            String port(String name, int number) {
                return "{\"name\":\"%s\",\"type\":\"macvtap\",\"interface\":\"pbpm%d\"}".formatted(name, number);
            }
        },
        TAP {
            @Override
            String port(String name, int number) {
                return "{\"name\":\"%s\",\"type\":\"tap\",\"device\":\"pbpf%d\",\"namespace\":\"/run/netns/pbpn\"}"
                        .formatted(name, number);
            }
        };

        abstract String port(String name, int number);
    }

    @BeforeEach
    void namespaces() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("ip", "bridge", "ping", "promtool");
        network = new Namespace("pbpn");
        station = new Namespace("pbpv");
        host = new Namespace("pbph");
        for (Namespace namespace : List.of(network, station, host)) {
            namespace.run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
        }
        network.run("ip link add pbpbr type bridge && ip address add 10.81.0.254/24 dev pbpbr && ip link set pbpbr up");
    }

    @AfterEach
    void remove() throws Exception {
        network.close();
        station.close();
        host.close();
        Shell.run("for d in pbpm1 pbpm2 pbph1 pbph2; do ip link del $d 2>/dev/null; done; true");
    }

    private SwitchUnderTest start(Kind kind, String more) throws Exception {
        if (kind == Kind.RAW_SOCKET) {
            for (int i = 1; i <= 2; i++) {
                Shell.run("ip link add pbph" + i + " netns pbph type veth peer name pbpf" + i + " netns pbpn");
                host.run("ip link set pbph" + i + " up");
            }
        }
        if (kind == Kind.MACVTAP) {
            for (int i = 1; i <= 2; i++) {
                Shell.run("ip link add pbph" + i + " type veth peer name pbpf" + i + " netns pbpn"
                        + " && sysctl -qw net.ipv6.conf.pbph" + i + ".disable_ipv6=1 && ip link set pbph" + i + " up"
                        + " && ip link add link pbph" + i + " name pbpm" + i + " type macvtap mode passthru"
                        + " && sysctl -qw net.ipv6.conf.pbpm" + i + ".disable_ipv6=1");
            }
        }
        SwitchUnderTest patchbay = SwitchUnderTest.start(
                List.of(
                        "{\"name\":\"vm\",\"type\":\"tap\",\"device\":\"pbpg\",\"namespace\":\"/run/netns/pbpv\",\"mac\":\"%s\"}"
                                .formatted(STATION),
                        kind.port("one", 1),
                        kind.port("two", 2),
                        "{\"name\":\"up\",\"type\":\"active-backup\",\"members\":[\"one\",\"two\"]%s}".formatted(more)),
                "adaptive");
        for (int i = 1; i <= 2; i++) {
            network.run("ip link set pbpf" + i + " master pbpbr && ip link set pbpf" + i + " up");
            // The kernel may tell of the second before the first if it has both to tell of.
            patchbay.awaitStatus("up", "up: one (active): ");
        }
        station.run("ip address add 10.81.0.1/24 dev pbpg");
        awaitForwarding("pbpf1");
        awaitForwarding("pbpf2");
        return patchbay;
    }

    private void awaitForwarding(String bridgePort) throws Exception {
        for (int tries = 0; tries < 200 && !bridgeSays(bridgePort, "state forwarding"); tries++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(bridgeSays(bridgePort, "state forwarding")).isTrue();
    }

    private boolean bridgeSays(String bridgePort, String what) throws Exception {
        return network.run("bridge link show dev " + bridgePort).contains(what);
    }

    /** The port on which the bridge has learnt the station. */
    private String learntOn() throws Exception {
        return network.run("bridge fdb show br pbpbr dynamic")
                .lines()
                .filter(line -> line.startsWith(STATION))
                .map(line -> line.replaceAll(".* dev (\\S+) .*", "$1"))
                .findFirst()
                .orElse("nowhere");
    }

    private void awaitLearntOn(String bridgePort) throws Exception {
        for (int tries = 0; tries < 200 && !learntOn().equals(bridgePort); tries++) {
            TimeUnit.MILLISECONDS.sleep(10);
        }
        assertThat(learntOn()).isEqualTo(bridgePort);
    }

    private CompletableFuture<String> ping(int seconds) {
        return CompletableFuture.supplyAsync(() -> {
            try {
                return station.run("ping -q -i 0.0" + PING_MILLIS / 10 + " -c " + seconds * 1000 / PING_MILLIS
                        + " 10.81.0.254 || true");
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** For how long there was no answer. */
    private static long gapMillis(String pinged) {
        Matcher matcher = PINGED.matcher(pinged);
        assertThat(matcher.find()).as(pinged).isTrue();
        return PING_MILLIS * (Long.parseLong(matcher.group(1)) - Long.parseLong(matcher.group(2)));
    }

    private static JsonNode details(SwitchUnderTest patchbay) throws Exception {
        return patchbay.ask("/v1/ports/up").get("details");
    }

    @ParameterizedTest
    @EnumSource
    void whenALinkIsLostTheOtherTakesOverAndTheNetworkIsTold(Kind kind) throws Exception {
        try (SwitchUnderTest patchbay = start(kind, "")) {
            assertThat(gapMillis(station.run("ping -q -i 0.01 -c 20 10.81.0.254")))
                    .isZero();
            assertThat(learntOn()).isEqualTo("pbpf1");
            TimeUnit.MILLISECONDS.sleep(1200); // the kernel tells of at most one lost carrier a second
            CompletableFuture<String> pinging = ping(3);
            TimeUnit.MILLISECONDS.sleep(500);

            network.run("ip link set pbpf1 down");

            patchbay.awaitStatus("up", "up: one: ");
            long gap = gapMillis(pinging.join());
            LOG.info("{}: {} ms without an answer", kind, gap);
            assertThat(gap).isLessThan(1500);
            assertThat(learntOn()).isEqualTo("pbpf2");
            JsonNode details = details(patchbay);
            assertThat(details.get("active").stringValue()).isEqualTo("two");
            assertThat(details.get("failOvers").longValue()).isEqualTo(1);
            assertThat(patchbay.ask("/v1/fdb").findValuesAsString("port"))
                    .as("the pair is one port")
                    .containsOnly("vm", "up");
            assertThat(patchbay.totals().balance()).isTrue();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aSilentStationIsFoundAgainByItsAnnouncementAlone(Kind kind) throws Exception {
        try (SwitchUnderTest patchbay = start(kind, "")) {
            station.run("ping -q -i 0.01 -c 5 10.81.0.254");
            assertThat(learntOn()).isEqualTo("pbpf1");
            long received = received(patchbay, "vm");

            // The bridge sees its port go down only if it is a tap's; behind a cable it has no reason to forget.
            patchbay.setAdmin("one", "down");

            awaitLearntOn("pbpf2");
            assertThat(received(patchbay, "vm")).as("what the station has said").isEqualTo(received);
            assertThat(details(patchbay).get("announcements").longValue()).isPositive();
            // Its neighbour's unicast finds it there.
            assertThat(network.run("ping -q -i 0.01 -c 20 10.81.0.1")).contains(" 0% packet loss");
            patchbay.setAdmin("one", "up");
            patchbay.awaitStatus("one", "up");
            assertThat(details(patchbay).get("active").stringValue())
                    .as("nobody is preferred")
                    .isEqualTo("two");
        }
    }

    @ParameterizedTest
    @EnumSource
    void aPairThatIsShutAndOpenedHasNotFailedOver(Kind kind) throws Exception {
        try (SwitchUnderTest patchbay = start(kind, "")) {
            patchbay.setAdmin("one", "down"); // so that the first is not simply the first
            patchbay.setAdmin("one", "up");
            patchbay.awaitStatus("one", "up");
            patchbay.setAdmin("up", "down");
            patchbay.setAdmin("up", "up");
            patchbay.awaitStatus("up", "up: one: ");
            assertThat(details(patchbay).get("active").stringValue()).isEqualTo("two");
            assertThat(details(patchbay).get("failOvers").longValue())
                    .as("by the operator, before")
                    .isEqualTo(1);
            assertThat(station.run("ping -q -i 0.01 -c 20 10.81.0.254")).contains(" 0% packet loss");
        }
    }

    private static long received(SwitchUnderTest patchbay, String port) throws Exception {
        for (JsonNode line : patchbay.ask("/v1/ports")) {
            if (line.get("name").stringValue().equals(port)) {
                return line.get("received").get("frames").longValue();
            }
        }
        throw new AssertionError("no port " + port);
    }

    @Test
    void thePrimaryTakesOverAgainAndTheNetworkIsTold() throws Exception {
        try (SwitchUnderTest patchbay = start(Kind.RAW_SOCKET, ",\"primary\":\"one\",\"holdDownMillis\":300")) {
            station.run("ping -q -i 0.01 -c 5 10.81.0.254");
            network.run("ip link set pbpf1 down");
            patchbay.awaitStatus("up", "up: one: interface pbph1 has no carrier; two (active): ");
            awaitLearntOn("pbpf2");

            network.run("ip link set pbpf1 up");

            patchbay.awaitStatus("one", "up");
            assertThat(details(patchbay).get("active").stringValue()).isEqualTo("two");
            patchbay.awaitStatus("up", "up: one (active): ");
            awaitLearntOn("pbpf1");
            assertThat(gapMillis(station.run("ping -q -i 0.01 -c 20 10.81.0.254")))
                    .isZero();
            assertThat(details(patchbay).get("failOvers").longValue()).isEqualTo(2);
        }
    }

    @Test
    void operatorsSeeThePairItsMembersAndWhatHappened(@TempDir Path directory) throws Exception {
        String socket = directory.resolve("admin.sock").toString();
        String config = """
                {"switch": {"adminSocket": "%s", "stateDirectory": "off", "metricsAddress": "127.0.0.1:0"},
                 "ports": [%s, %s, {"name": "up", "type": "active-backup", "members": ["one", "two"]}]}
                """.formatted(socket, Kind.TAP.port("one", 1), Kind.TAP.port("two", 2));
        try (Daemon daemon = Daemon.start(
                ConfigReader.ofInstalledKinds().parse(config, "the test's configuration"), Optional.empty())) {
            assertThat(daemon.status().ports()).isEqualTo(1);
            assertThat(Console.run("port", "down", "one", "--socket", socket).exitCode())
                    .isZero();

            assertThat(Console.run("port", "list", "--socket", socket).out())
                    .containsPattern("(?m)^up +active-backup +up .* one: admin down: .*; two \\(active\\): tap device")
                    .containsPattern("(?m)^one +tap +down .* member of up; admin down: ")
                    .containsPattern("(?m)^two +tap +up .* member of up; tap device pbpf2 is up");
            assertThat(Console.run("port", "show", "up", "--socket", socket).out())
                    .containsPattern("(?m)^details.active +two")
                    .containsPattern("(?m)^details.failOvers +1")
                    .containsPattern("(?m)^details.members\\[0].role +backup");
            for (String command : List.of("list", "flush")) {
                Console.Ran ran = Console.run("fdb", command, "--port", "one", "--socket", socket);
                assertThat(ran.err()).contains("one is a member of up; addresses are learnt on up");
                assertThat(ran.exitCode()).isEqualTo(1);
            }
            String metrics =
                    Http.get(daemon.metricsAddress().orElseThrow(), "/metrics").body();
            assertThat(metrics)
                    .contains("patchbay_pair_member_active{pair=\"up\",port=\"one\",} 0.0")
                    .contains("patchbay_pair_member_active{pair=\"up\",port=\"two\",} 1.0")
                    .contains("patchbay_pair_failovers_total{pair=\"up\",} 1.0")
                    .contains("patchbay_port_up{port=\"up\",type=\"active-backup\",} 1.0");
            Path scrape = Files.writeString(directory.resolve("metrics"), metrics);
            assertThat(Shell.run("promtool check metrics < " + scrape)).isEmpty();
        }
    }

    @Test
    void copiesOfAFloodArriveOnceAndTheOtherIsCounted() throws Exception {
        try (SwitchUnderTest patchbay = start(Kind.RAW_SOCKET, "")) {
            station.run("sysctl -qw net.ipv4.icmp_echo_ignore_broadcasts=0");
            assertThat(network.run("ping -b -i 0.01 -c 20 -q 10.81.0.255 2>&1"))
                    .contains("20 packets transmitted, 20 received")
                    .doesNotContain("duplicates");
            assertThat(patchbay.dropped("two", "backup_link")).isGreaterThanOrEqualTo(20);
            assertThat(patchbay.dropped("one", "backup_link")).isZero();
            assertThat(patchbay.totals().balance()).isTrue();
        }
    }

    @Test
    void aPairWithoutAnyLinkIsDownAndUsedAgainWhenOneReturns() throws Exception {
        try (SwitchUnderTest patchbay = start(Kind.RAW_SOCKET, "")) {
            station.run("ping -q -i 0.01 -c 5 10.81.0.254");
            network.run("ip link set pbpf1 down && ip link set pbpf2 down");
            patchbay.awaitStatus("up", "down: no member can be used: ");
            station.run("ping -q -i 0.01 -c 5 -W 1 10.81.0.254 || true");
            assertThat(patchbay.dropped("vm", "no_destination"))
                    .as("what was learnt behind the pair is forgotten, and it takes no part in floods")
                    .isPositive();
            network.run("ip link set pbpf1 up");
            patchbay.awaitStatus("up", "up: one (active): ");
            awaitForwarding("pbpf1");
            assertThat(station.run("ping -q -i 0.01 -c 20 10.81.0.254")).contains(" 0% packet loss");
            assertThat(patchbay.totals().balance()).isTrue();
        }
    }
}
