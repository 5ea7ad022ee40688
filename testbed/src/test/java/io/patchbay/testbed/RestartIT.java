package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Linux guests whose switch is killed and started again, and whose queues are switched, while they ping each other. */
@Timeout(400)
class RestartIT {

    private static final int KILLS = Integer.getInteger("patchbay.kills", 2);
    private static final Duration SOON = Duration.ofSeconds(40);
    private static final Pattern SEQUENCE = Pattern.compile("seq=(\\d+) ");

    /** Compares blocks as long as the file with the first one. */
    private static final String COMPARE =
            "$n = 2048 * 1024; read(STDIN, $a, $n); open F, \">\", \"/tmp/first\"; print F $a; close F; "
                    + "for ($good = $bad = 0; read(STDIN, $b, $n) == $n; ) { $b eq $a ? $good++ : $bad++; "
                    + "open F, \">\", \"/tmp/blocks\"; print F $good + $bad, \" blocks, $bad damaged\\n\"; close F; }";

    private static final Pattern BLOCKS = Pattern.compile("\\d+ blocks, \\d+ damaged");

    private static final String CONNECTING =
            "{\"name\":\"vm0\",\"type\":\"vhost-user\",\"socket\":\"%directory%/vm0.sock\"}";
    private static final String LISTENING =
            "{\"name\":\"vm1\",\"type\":\"vhost-user\",\"mode\":\"client\",\"socket\":\"%directory%/vm1.sock\"}";

    @BeforeEach
    void peers() {
        Peers.needRoot();
        Peers.needPrograms("qemu-system-x86_64", "iperf3", "ethtool", "perl", "busybox", "cpio", "dpkg-deb");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", ",packed=on"})
    void guestsNoticeNoMoreThanAGapWhenTheSwitchIsKilled(String layout) throws Exception {
        try (DaemonProcess daemon = DaemonProcess.start(List.of(CONNECTING, LISTENING));
                QemuGuest connects = QemuGuest.start(
                        daemon.path("vm0.sock").toString(),
                        "02:00:00:00:01:00",
                        "10.77.0.10",
                        new QemuGuest.Options("reconnect=1", "", layout));
                QemuGuest listens = QemuGuest.start(
                        daemon.path("vm1.sock").toString(),
                        "02:00:00:00:01:01",
                        "10.77.0.11",
                        new QemuGuest.Options("server=on,wait=off", "", layout))) {
            connects.awaitBoot();
            listens.awaitBoot();
            assertThat(connects.run("ping -c 3 -i 0.2 10.77.0.11", SOON)).contains("3 packets received");

            // The load: TCP without a pause, all of it compared, and pings, whose gaps are what the guests notice.
            listens.run("dd if=/dev/urandom of=/tmp/file bs=1024 count=2048", SOON);
            String sum = hash(listens.run("sha256sum < /tmp/file", SOON));
            connects.run("sleep 400 | nc -l -p 5002 | perl -e '" + COMPARE + "' & sleep 0.3", SOON);
            listens.run("while cat /tmp/file; do :; done | nc 10.77.0.10 5002 & true", SOON);
            connects.run("ping -i 0.1 10.77.0.11 > /tmp/ping & true", SOON);
            for (int kill = 1; kill <= KILLS; kill++) {
                TimeUnit.SECONDS.sleep(1);
                daemon.kill();
                daemon.startAgain();
                connects.run("until ping -c 1 -W 1 10.77.0.11 > /tmp/once; do sleep 0.2; done", SOON);
            }
            TimeUnit.SECONDS.sleep(3);
            String pings = connects.run("kill -INT $!; sleep 1; cat /tmp/ping", SOON);
            listens.run("killall nc", SOON);
            String stream = connects.run("sleep 1; cat /tmp/blocks; sha256sum < /tmp/first", SOON);
            report(layout.isEmpty() ? "split" : "packed", pings, stream);
            assertThat(stream).containsPattern("[1-9]\\d* blocks, 0 damaged");
            assertThat(hash(stream))
                    .as("the first block, which the others equal")
                    .isEqualTo(sum);
            assertThat(daemon.ask("port show vm0")).contains(layout.isEmpty() ? "split" : "packed");
            // A switch that is killed forwards again what it had in hands, and ten a second are seldom in it.
            assertThat(duplicates(pings)).as(pings).isLessThanOrEqualTo(KILLS);
            assertThat(lastSequence(pings) - lastAnswer(pings))
                    .as("the last pings were answered: %s", pings)
                    .isLessThan(10);
            assertThat(gaps(pings))
                    .as("pings in a row without an answer, ten a second")
                    .allMatch(gap -> gap < 100);
            // A file, with its hash: what comes after the kills is not damaged either.
            connects.run("sleep 60 | nc -l -p 5001 > /tmp/got & true", SOON); // it needs an input that does not end
            listens.run("nc 10.77.0.10 5001 < /tmp/file", SOON);
            assertThat(hash(connects.run("sleep 1; sha256sum < /tmp/got", SOON)))
                    .isEqualTo(sum);
        }
    }

    private static String hash(String printed) {
        Matcher hash = Pattern.compile("[0-9a-f]{64}").matcher(printed);
        assertThat(hash.find()).as(printed).isTrue();
        return hash.group();
    }

    private static void report(String layout, String pings, String stream) {
        Matcher blocks = BLOCKS.matcher(stream);
        System.out.printf(
                "ping between QEMU guests, %s rings, %d kills: gaps %s ms; %s; %d duplicates; TCP meanwhile: %s%n",
                layout,
                KILLS,
                gaps(pings).stream()
                        .filter(gap -> gap > 1)
                        .map(gap -> 100 * gap)
                        .toList(),
                pings.lines()
                        .filter(line -> line.contains("packets transmitted"))
                        .findFirst()
                        .orElse("no summary"),
                duplicates(pings),
                blocks.find() ? blocks.group() : "nothing");
    }

    private static long duplicates(String pings) {
        return pings.lines().filter(line -> line.contains("DUP!")).count();
    }

    /** How many pings in a row were not answered, each time. */
    private static List<Integer> gaps(String pings) {
        Matcher sequence = SEQUENCE.matcher(pings);
        List<Integer> gaps = new ArrayList<>();
        int last = -1;
        while (sequence.find()) {
            int now = Integer.parseInt(sequence.group(1));
            if (now > last + 1) {
                gaps.add(now - last - 1);
            }
            last = Math.max(last, now);
        }
        return gaps;
    }

    private static int lastAnswer(String pings) {
        return SEQUENCE.matcher(pings)
                .results()
                .mapToInt(m -> Integer.parseInt(m.group(1)))
                .max()
                .orElse(0);
    }

    private static int lastSequence(String pings) {
        Matcher sent = Pattern.compile("(\\d+) packets transmitted").matcher(pings);
        assertThat(sent.find()).as(pings).isTrue();
        return Integer.parseInt(sent.group(1)) - 1;
    }

    @Test
    void aGuestSwitchesItsQueuesWhileItPings() throws Exception {
        String other = CONNECTING.replace("vm0", "vm1");
        try (DaemonProcess daemon = DaemonProcess.start(List.of(CONNECTING, other));
                QemuGuest many = QemuGuest.start(
                        daemon.path("vm0.sock").toString(),
                        "02:00:00:00:01:00",
                        "10.77.0.10",
                        QemuGuest.Options.queues(4));
                QemuGuest one =
                        QemuGuest.start(daemon.path("vm1.sock").toString(), "02:00:00:00:01:01", "10.77.0.11")) {
            many.awaitBoot();
            one.awaitBoot();
            one.run("ping -i 0.1 10.77.0.10 > /tmp/ping & true", SOON);
            for (int queues : new int[] {4, 1, 3, 2, 4}) {
                many.run("ethtool -L eth0 combined " + queues, SOON);
                assertThat(many.run("ethtool -l eth0", SOON).replaceAll("\\s+", " "))
                        .containsPattern("Current hardware settings:.*Combined: " + queues);
                assertThat(many.run("ping -c 3 -i 0.2 10.77.0.11", SOON))
                        .as("%s%n%s%n%s", daemon.ask("port show vm0"), daemon.ask("stats"), daemon.log())
                        .contains("3 packets received");
                assertThat(daemon.ask("port show vm0"))
                        .contains(queues + " transmit and " + queues + " receive queues");
            }
            String pings = one.run("kill -INT $!; sleep 1; cat /tmp/ping", SOON);
            assertThat(pings)
                    .as("no frame may be lost for queues that are switched")
                    .contains(" 0% packet loss");
            assertThat(daemon.ask("drops -o json")).doesNotContain("port_down");
        }
    }
}
