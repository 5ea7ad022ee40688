package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** DPDK's driver listens, and our ports connect to it. */
@Timeout(240)
class TestpmdServerIT {

    private static final int KILLS = Integer.getInteger("patchbay.kills", 2);
    private static final Duration SOON = Duration.ofSeconds(20);

    @BeforeEach
    void peers() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("dpdk-testpmd", "stdbuf");
        Peers.needHugePages(400);
    }

    private static String clientPort(int guest) {
        return "{\"name\":\"vm%d\",\"type\":\"vhost-user\",\"mode\":\"client\",\"socket\":\"%s/vm%d.sock\"}"
                .formatted(guest, DaemonProcess.DIRECTORY, guest);
    }

    /** Its rings must not be taken from the start again, although it gives base 0 whenever we connect. */
    @ParameterizedTest(name = "packed_vq={0}")
    @ValueSource(ints = {0, 1})
    void testpmdThatListensGoesOnAfterTheDaemonWasKilledAndAfterItsOwnRestart(int packed) throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(List.of(clientPort(0), clientPort(1)))) {
            try (Conversation testpmd = new Conversation(testpmd(daemon, packed))) {
                testpmd.await("testpmd>", Duration.ofSeconds(40));
                testpmd.say("set txpkts 200");
                testpmd.say("start tx_first 2");
                assertFramesPass(testpmd, daemon);
                List<Long> gaps = new ArrayList<>();
                for (int kill = 1; kill <= KILLS; kill++) {
                    long killed = System.nanoTime();
                    daemon.kill();
                    look(testpmd); // so that the next does not show what passed before
                    assertThat(receivingPorts(look(testpmd)))
                            .as("ports that receive without a switch")
                            .isZero();
                    daemon.startAgain();
                    assertFramesPass(testpmd, daemon);
                    gaps.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - killed));
                }
                System.out.printf(
                        "testpmd (server=1, packed_vq=%d), %d kills: frames seen to pass in both directions within %s ms%n",
                        packed, KILLS, gaps);
                testpmd.kill();
            }
            for (int guest = 0; guest < 2; guest++) {
                Files.deleteIfExists(daemon.path("vm" + guest + ".sock")); // DPDK does not take over what it left
            }
            try (Conversation testpmd = new Conversation(testpmd(daemon, packed))) {
                testpmd.await("testpmd>", Duration.ofSeconds(40));
                testpmd.say("start tx_first 2");
                assertFramesPass(testpmd, daemon);
            }
        }
    }

    private static final Pattern RATE = Pattern.compile("Rx-pps:\\s+(\\d+)");

    /**
     * Waits until both ports receive; a rate is of the time since the look before. The frames that go round are sent anew now and then: those that
     * come to a port whose peer is not back yet are rightly dropped, and nothing goes round then.
     */
    private static void assertFramesPass(Conversation testpmd, DaemonProcess daemon) throws Exception {
        long end = System.nanoTime() + SOON.toNanos();
        String shown = "";
        for (int look = 1; System.nanoTime() < end; look++) {
            TimeUnit.MILLISECONDS.sleep(200);
            shown = look(testpmd);
            if (receivingPorts(shown) == 2) {
                return;
            }
            if (look % 5 == 0) {
                testpmd.say("stop");
                testpmd.say("start tx_first 2");
            }
        }
        throw new AssertionError("frames do not pass:\n" + shown + daemon.ask("port list") + daemon.log());
    }

    private static String look(Conversation testpmd) throws Exception {
        testpmd.say("show port stats all");
        testpmd.say("show fwd dummy"); // its complaint marks the end
        return testpmd.await("Bad arguments", SOON);
    }

    private static long receivingPorts(String shown) {
        return RATE.matcher(shown)
                .results()
                .filter(rate -> Long.parseLong(rate.group(1)) > 0)
                .count();
    }

    private static List<String> testpmd(DaemonProcess daemon, int packed) {
        List<String> command = new ArrayList<>(List.of("timeout", "200", "stdbuf", "-oL", "dpdk-testpmd"));
        command.addAll(List.of("--lcores", "0@0,1@1", "--main-lcore", "0", "--no-pci"));
        command.addAll(List.of("--in-memory", "--single-file-segments", "-m", "512", "--file-prefix=patchbay-kill"));
        for (int port = 0; port < 2; port++) {
            command.add("--vdev=net_virtio_user%d,path=%s,mac=02:00:00:00:00:0%d,queue_size=256,server=1,packed_vq=%d"
                    .formatted(port, daemon.path("vm" + port + ".sock"), 1 - port, packed));
        }
        command.addAll(List.of("--", "-i", "--forward-mode=io", "--nb-cores=1"));
        return command;
    }
}
