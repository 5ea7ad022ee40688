package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.control.DaemonException;
import io.patchbay.core.linux.TapFile;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Tap ports against the kernel: what a device is after it was set up, who may have it, and what happens when it goes. */
class TapIT {

    @BeforeEach
    void peers() {
        Peers.needRoot();
        Peers.needPrograms("ip", "ping", "iperf3");
    }

    @AfterEach
    void remove() throws Exception {
        Shell.run("for d in pbti0 pbti1 pbtix; do ip link del $d 2>/dev/null; done; true");
    }

    private static String tap(String device, String... more) {
        return "{\"name\":\"%s\",\"type\":\"tap\",\"device\":\"%s\"%s}"
                .formatted(device, device, more.length == 0 ? "" : "," + String.join(",", more));
    }

    private static SwitchUnderTest start(String... ports) throws Exception {
        return SwitchUnderTest.start(List.of(ports), "adaptive");
    }

    private static JsonNode link(String device) throws Exception {
        return JsonMapper.shared()
                .readTree(Shell.run("ip -d -j link show " + device))
                .get(0);
    }

    private static boolean exists(String device) throws Exception {
        return Shell.run("ip -br link show " + device + " 2>/dev/null || true").contains(device);
    }

    private static List<String> flags(JsonNode link) {
        List<String> flags = new ArrayList<>();
        link.get("flags").forEach(flag -> flags.add(flag.stringValue()));
        return flags;
    }

    @Test
    void aDeviceIsSetUpAsConfiguredAndGoesWithThePort() throws Exception {
        try (SwitchUnderTest patchbay = start(tap(
                "pbti0",
                "\"mac\":\"02:00:00:00:77:01\"",
                "\"mtu\":9000",
                "\"owner\":\"daemon\"",
                "\"group\":\"54321\""))) {
            JsonNode link = link("pbti0");
            assertThat(link.get("address").stringValue()).isEqualTo("02:00:00:00:77:01");
            assertThat(link.get("mtu").intValue()).isEqualTo(9000);
            assertThat(flags(link)).contains("UP", "LOWER_UP");
            JsonNode tun = link.get("linkinfo").get("info_data");
            assertThat(tun.get("type").stringValue()).isEqualTo("tap");
            assertThat(tun.get("user").asString()).isEqualTo("daemon");
            assertThat(tun.get("group").asString()).isEqualTo("54321");
            assertThat(tun.get("pi").booleanValue()).isFalse();
            assertThat(patchbay.status("pbti0")).isEqualTo("up: tap device pbti0 is up");
            JsonNode details = patchbay.ask("/v1/ports/pbti0").get("details");
            assertThat(details.get("address").stringValue()).isEqualTo("02:00:00:00:77:01");
            assertThat(details.get("mtu").intValue()).isEqualTo(9000);
        }
        assertThat(exists("pbti0")).isFalse();
    }

    @Test
    void aDeviceThatIsToStayDownStaysDownAndIsFollowed() throws Exception {
        try (SwitchUnderTest patchbay = start(tap("pbti0", "\"up\":false"))) {
            assertThat(flags(link("pbti0"))).doesNotContain("UP");
            assertThat(patchbay.status("pbti0")).isEqualTo("down: tap device pbti0 is down");
            Shell.run("ip link set pbti0 up");
            patchbay.awaitStatus("pbti0", "up: tap device pbti0 is up");
            Shell.run("ip link set pbti0 down");
            patchbay.awaitStatus("pbti0", "down: tap device pbti0 is down");
        }
    }

    @Test
    void aPersistentDeviceOutlivesThePortWithoutACarrierAndIsTakenAgain() throws Exception {
        for (int i = 0; i < 2; i++) {
            try (SwitchUnderTest patchbay = start(tap("pbti0", "\"persist\":true"))) {
                assertThat(flags(link("pbti0"))).contains("LOWER_UP");
                assertThat(patchbay.status("pbti0")).startsWith("up");
            }
            assertThat(flags(link("pbti0"))).contains("UP", "NO-CARRIER");
        }
        start(tap("pbti0", "\"persist\":false")).close();
        assertThat(exists("pbti0")).isFalse();
    }

    @Test
    void aPortThatIsNotEnabledShowsTheHostADeviceWithoutACarrier() throws Exception {
        try (SwitchUnderTest patchbay = start(tap("pbti0", "\"enabled\":false"), tap("pbti1"))) {
            assertThat(flags(link("pbti0"))).contains("UP", "NO-CARRIER");
            assertThat(flags(link("pbti1"))).contains("UP", "LOWER_UP");
            assertThat(patchbay.status("pbti0")).isEqualTo("down: admin down: disabled in the configuration");
            patchbay.setAdmin("pbti0", "up");
            assertThat(flags(link("pbti0"))).contains("UP", "LOWER_UP");
            patchbay.awaitStatus("pbti0", "up: tap device pbti0 is up");
        }
    }

    @Test
    void aPortThatIsShutShowsTheHostNoCarrierAndIsUsedAgainWhenItIsOpened() throws Exception {
        try (Namespace left = new Namespace("pbtil");
                Namespace right = new Namespace("pbtir");
                SwitchUnderTest patchbay = start(
                        tap("pbti0", "\"namespace\":\"/run/netns/pbtil\""),
                        tap("pbti1", "\"namespace\":\"/run/netns/pbtir\""))) {
            left.run("ip address add 10.79.0.1/24 dev pbti0");
            right.run("ip address add 10.79.0.2/24 dev pbti1");
            assertThat(left.run("ping -c 3 -i 0.05 10.79.0.2")).contains(" 0% packet loss");
            assertThat(patchbay.ask("/v1/fdb?port=pbti0")).isNotEmpty();

            patchbay.setAdmin("pbti0", "down");

            assertThat(left.run("ip link show pbti0")).contains("NO-CARRIER", "state DOWN");
            assertThat(patchbay.status("pbti0")).isEqualTo("down: admin down: set by the operator");
            assertThat(patchbay.ask("/v1/ports/pbti0").get("admin").stringValue())
                    .isEqualTo("down");
            assertThat(patchbay.ask("/v1/fdb?port=pbti0")).isEmpty();
            assertThat(right.run("ping -c 2 -i 0.05 -W 1 10.79.0.1 || true")).contains(" 100% packet loss");

            patchbay.setAdmin("pbti0", "up");

            assertThat(left.run("ip link show pbti0")).contains("LOWER_UP").doesNotContain("NO-CARRIER");
            patchbay.awaitStatus("pbti0", "up: tap device pbti0 is up");
            assertThat(left.run("ping -c 3 -i 0.05 10.79.0.2")).contains(" 0% packet loss");
            assertThat(patchbay.totals().balance()).isTrue();
        }
    }

    @Test
    void devicesInNamespacesAreMadeThere() throws Exception {
        try (Namespace left = new Namespace("pbtil");
                Namespace right = new Namespace("pbtir");
                SwitchUnderTest patchbay = start(
                        tap("pbti0", "\"namespace\":\"/run/netns/pbtil\""),
                        tap("pbti1", "\"namespace\":\"/run/netns/pbtir\""))) {
            assertThat(exists("pbti0")).isFalse();
            left.run("ip address add 10.79.0.1/24 dev pbti0");
            right.run("ip address add 10.79.0.2/24 dev pbti1");
            assertThat(left.run("ping -c 3 -i 0.05 10.79.0.2")).contains(" 0% packet loss");
            assertThat(patchbay.status("pbti0")).startsWith("up");
            left.run("ip link set pbti0 down");
            patchbay.awaitStatus("pbti0", "down: tap device pbti0 is down");
        }
    }

    @Test
    void aDeviceDeletedUnderThePortIsNoticedAndTakenAgainWhenItReturns() throws Exception {
        try (Namespace left = new Namespace("pbtil");
                Namespace right = new Namespace("pbtir");
                SwitchUnderTest patchbay = start(
                        tap("pbti0", "\"namespace\":\"/run/netns/pbtil\"", "\"mac\":\"02:00:00:00:77:02\""),
                        tap("pbti1", "\"namespace\":\"/run/netns/pbtir\""))) {
            right.run("ip address add 10.79.0.2/24 dev pbti1");
            for (int i = 0; i < 3; i++) {
                left.run("ip address add 10.79.0.1/24 dev pbti0");
                assertThat(left.run("ping -c 3 -i 0.05 10.79.0.2")).contains(" 0% packet loss");
                left.run("ip link del pbti0");
                patchbay.awaitStatus("pbti0", "down: tap device pbti0 has gone");
                left.run("ip tuntap add pbti0 mode tap");
                patchbay.awaitStatus("pbti0", "up: tap device pbti0 is up");
                assertThat(left.run("ip link show pbti0")).contains("02:00:00:00:77:02");
            }
            assertThat(patchbay.totals().balance()).isTrue();
        }
    }

    @Test
    void aDeviceIsMadeAgainInANamespaceThatWasDeletedAndMadeAnew() throws Exception {
        try (Namespace right = new Namespace("pbtir")) {
            Namespace left = new Namespace("pbtil");
            try (SwitchUnderTest patchbay = start(
                    tap("pbti0", "\"namespace\":\"/run/netns/pbtil\"", "\"mac\":\"02:00:00:00:77:02\""),
                    tap("pbti1", "\"namespace\":\"/run/netns/pbtir\""))) {
                right.run("ip address add 10.79.0.2/24 dev pbti1");
                for (int i = 0; i < 2; i++) {
                    left.close();
                    left = new Namespace("pbtil");
                    left.run("for i in {1..100}; do ip link show pbti0 2>/dev/null && break; sleep 0.05; done");
                    patchbay.awaitStatus("pbti0", "up: tap device pbti0 is up");
                    left.run("ip address add 10.79.0.1/24 dev pbti0");
                    assertThat(left.run("ping -c 3 -i 0.05 10.79.0.2")).contains(" 0% packet loss");
                }
            } finally {
                left.close();
            }
        }
    }

    @Test
    void aDeviceMovedToAnotherNamespaceIsKept() throws Exception {
        try (SwitchUnderTest patchbay = start(tap("pbti0"));
                Namespace left = new Namespace("pbtil")) {
            left.adopt("pbti0", "10.79.0.1");
            patchbay.awaitStatus("pbti0", "up: tap device pbti0 was renamed, or moved");
            // Deleted where nobody of ours listens: the worker finds its file dead.
            left.run("ip link del pbti0");
            patchbay.awaitStatus("pbti0", "down: tap device pbti0 has gone");
        }
    }

    @Test
    void everyWorkerHasAQueueOfItsOwn() throws Exception {
        try (Namespace left = new Namespace("pbtil");
                Namespace right = new Namespace("pbtir");
                SwitchUnderTest patchbay = SwitchUnderTest.start(
                        List.of(
                                tap("pbti0", "\"namespace\":\"/run/netns/pbtil\""),
                                tap("pbti1", "\"namespace\":\"/run/netns/pbtir\"")),
                        "adaptive",
                        2)) {
            assertThat(left.run("ip -d link show pbti0")).containsPattern("multi_queue (on )?numqueues 2 ");
            left.run("ip address add 10.79.0.1/24 dev pbti0");
            right.run("ip address add 10.79.0.2/24 dev pbti1");
            right.run("iperf3 -s -D");
            assertThat(left.run("iperf3 -c 10.79.0.2 -P 8 -t 1")).contains("receiver");
            JsonNode ports = patchbay.ask("/v1/stats").get("ports");
            for (JsonNode port : ports) {
                assertThat(port.get("queues")).hasSize(2);
                for (JsonNode queue : port.get("queues")) {
                    assertThat(queue.get("received").get("frames").longValue())
                            .as("%s", queue)
                            .isPositive();
                }
            }
            patchbay.awaitReceived(1);
        }
    }

    @Test
    void aDeviceMadeForSeveralQueuesIsUsedWithOneAndTheOtherWayRoundIsRefused() throws Exception {
        Shell.run("ip tuntap add pbti0 mode tap multi_queue && ip tuntap add pbti1 mode tap");
        try (SwitchUnderTest patchbay = start(tap("pbti0"))) {
            patchbay.awaitStatus("pbti0", "up");
        }
        refused(tap("pbti1", "\"queues\":2"), "pbti1", "was not made for the number of queues");
    }

    private static void refused(String port, String... why) {
        assertThatThrownBy(() -> start(port).close())
                .isInstanceOfSatisfying(
                        DaemonException.class, e -> assertThat(e.getMessage()).contains(why));
    }

    @Test
    void aDeviceThatAnotherProgramHasIsRefused() {
        try (TapFile _ = TapFile.open("pbtix", false)) {
            refused(tap("pbtix"), "port pbtix", "another program has it open", "EBUSY");
        }
    }

    @Test
    void aDeviceThatIsNotATapIsRefused() throws Exception {
        Shell.run("ip tuntap add pbtix mode tun");
        refused(tap("pbtix"), "port pbtix", "is not a tap device");
        refused(tap("lo"), "port lo", "is not a tap device");
    }

    @Test
    void aDaemonThatMayNotIsRefusedAndToldWhatItTakes() throws Exception {
        Unprivileged.call(() -> {
            refused(tap("pbtix"), "port pbtix", "EPERM", "CAP_NET_ADMIN");
            return true;
        });
        try (Namespace _ = new Namespace("pbtil")) {
            Unprivileged.call(() -> {
                refused(tap("pbtix", "\"namespace\":\"/run/netns/pbtil\""), "port pbtix", "setns", "CAP_SYS_ADMIN");
                return true;
            });
        }
        Shell.run("ip tuntap add pbtix mode tap user 12345");
        Unprivileged.call(() -> {
            refused(tap("pbtix"), "port pbtix", "EPERM", "must belong to the daemon's user");
            return true;
        });
    }

    @Test
    void aDeviceThatBelongsToTheDaemonsUserTakesNoPrivilege() throws Exception {
        Shell.run("ip tuntap add pbtix mode tap user root && ip link set pbtix up");
        Unprivileged.call(() -> {
            try (SwitchUnderTest patchbay = start(tap("pbtix"))) {
                patchbay.awaitStatus("pbtix", "up");
            }
            return true;
        });
    }

    @Test
    void anIdleSwitchStaysIdleWhenItsDeviceHasGone() throws Exception {
        try (SwitchUnderTest patchbay = start(tap("pbti0"))) {
            Shell.run("ip link del pbti0");
            patchbay.awaitStatus("pbti0", "down: tap device pbti0 has gone");
            assertThat(patchbay.turnsInAMoment())
                    .as("turns of a worker with nothing to do")
                    .isLessThan(100);
        }
    }
}
