package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.control.Totals;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.wire.Feature;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The corpus of odd frames through three taps, a raw socket on a cable and two guests: at every port arrives, byte for byte and in order, what
 * a bridge of the standard must deliver there, and the counters say the same.
 *
 * <p>The far sides of taps and cable are in a namespace without addresses, where packet sockets that are not ours send and receive.
 */
class OddFramesIT {

    private static final List<String> PORTS = List.of("a", "b", "c", "w", "g", "h");
    private static final Map<String, String> DEVICES = Map.of("a", "pbofa", "b", "pbofb", "c", "pbofc", "w", "pbofw");
    private static final int LARGEST_MTU = 65_521;

    /** Guest h has buffers of this size and may not spread a frame over two: the largest frame its port takes. */
    private static final int H_BUFFER = 2048;

    private static final int H_LARGEST = H_BUFFER - 12;

    private record Odd(String port, String name, byte[] frame) {}

    @BeforeEach
    void peers() {
        Peers.needRoot();
        Peers.needPrograms("ip", "scapy");
    }

    @Test
    void everyPortDeliversWhatTheStandardSays() throws Exception {
        List<Odd> corpus = corpus();
        assertThat(corpus).hasSizeGreaterThan(200);
        try (Namespace far = new Namespace("pbof")) {
            far.run("sysctl -qw net.ipv6.conf.default.disable_ipv6=1");
            Shell.run("ip link add pbofn mtu " + LARGEST_MTU + " type veth peer name pbofw mtu " + LARGEST_MTU
                    + " && sysctl -qw net.ipv6.conf.pbofn.disable_ipv6=1 && ip link set pbofn up arp off");
            try (SwitchUnderTest patchbay = start()) {
                for (String device : DEVICES.values()) {
                    Shell.run("ip link set " + device + " netns pbof");
                    far.run("ip link set " + device + " arp off up");
                }
                try (PacketSockets sockets = new PacketSockets(
                                "pbof", DEVICES.values().stream().sorted().toList());
                        FrontEnd g = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, LARGEST_MTU);
                        FrontEnd h = FrontEnd.connect(patchbay.socket(1), withoutMerging(), H_BUFFER)) {
                    send(corpus, patchbay, sockets, Map.of("g", g, "h", h));
                }
            } finally {
                Shell.run("ip link del pbofn 2>/dev/null || true");
            }
        }
    }

    private static SwitchUnderTest start() throws Exception {
        String tap = "{\"name\":\"%s\",\"type\":\"tap\",\"device\":\"%s\",\"mtu\":" + LARGEST_MTU + "}";
        List<String> ports = new ArrayList<>();
        for (String port : List.of("a", "b", "c")) {
            ports.add(tap.formatted(port, DEVICES.get(port)));
        }
        ports.add("{\"name\":\"w\",\"type\":\"raw-socket\",\"interface\":\"pbofn\"}");
        ports.add(SwitchUnderTest.guestPort(0));
        ports.add(SwitchUnderTest.guestPort(1));
        return SwitchUnderTest.start(ports, "adaptive");
    }

    private static FrontEndSettings withoutMerging() {
        return new FrontEndSettings(Feature.mask(Feature.VIRTIO_F_VERSION_1), 256, H_BUFFER);
    }

    private static List<Odd> corpus() throws Exception {
        List<Odd> corpus = new ArrayList<>();
        for (String line : Shell.run("corpus/odd-frames").lines().toList()) {
            String[] words = line.split(" ");
            corpus.add(new Odd(words[0], words[1], HexFormat.of().parseHex(words[2])));
        }
        return corpus;
    }

    private static void send(
            List<Odd> corpus, SwitchUnderTest patchbay, PacketSockets sockets, Map<String, FrontEnd> guests)
            throws Exception {
        Totals before = patchbay.totals();
        StandardBridge standard = new StandardBridge(PORTS);
        Map<String, List<String>> expected = new LinkedHashMap<>();
        Map<String, List<String>> arrived = new LinkedHashMap<>();
        PORTS.forEach(port -> {
            expected.put(port, new ArrayList<>());
            arrived.put(port, new ArrayList<>());
        });
        Map<String, String> names = new HashMap<>();
        long delivered = 0;
        long copies = 0;
        for (int i = 0; i < corpus.size(); i++) {
            Odd odd = corpus.get(i);
            String name = i + " " + odd.name();
            names.put(HexFormat.of().formatHex(odd.frame()), name);
            List<String> to = standard.relay(odd.port(), odd.frame());
            copies += Math.max(0, to.size() - 1);
            for (String port : to) {
                // 7.7.1 (d): a frame that exceeds the largest a port can send is not sent there.
                if (port.equals("h") && odd.frame().length > H_LARGEST) {
                    continue;
                }
                delivered++;
                if (guests.containsKey(port) || !isLostOnAnyLinuxDevice(odd.frame())) {
                    expected.get(port).add(name);
                }
            }
            if (guests.containsKey(odd.port())) {
                assertThat(guests.get(odd.port()).send(odd.frame())).as(name).isTrue();
            } else {
                sockets.send(DEVICES.get(odd.port()), odd.frame());
            }
            patchbay.awaitReceived(before.received() + i + 1);
            collect(sockets, guests, names, arrived);
        }
        TimeUnit.MILLISECONDS.sleep(100); // for what should not come
        collect(sockets, guests, names, arrived);

        assertThat(arrived).isEqualTo(expected);
        Totals totals = patchbay.totals();
        assertThat(totals.balance()).as("%s", totals).isTrue();
        assertThat(totals.received() - before.received()).isEqualTo(corpus.size());
        assertThat(totals.delivered() - before.delivered()).isEqualTo(delivered);
        assertThat(totals.floodCopies() - before.floodCopies()).isEqualTo(copies);
    }

    /**
     * The kernel throws away, before any packet socket could hear it, a frame it receives whose outermost tag is not followed by at least four
     * more bytes. Guests can hear it.
     */
    private static boolean isLostOnAnyLinuxDevice(byte[] frame) {
        int type = (frame[12] & 0xff) << 8 | frame[13] & 0xff;
        return (type == 0x8100 || type == 0x88a8) && frame.length < 20;
    }

    private static void collect(
            PacketSockets sockets,
            Map<String, FrontEnd> guests,
            Map<String, String> names,
            Map<String, List<String>> arrived)
            throws Exception {
        for (PacketSockets.Arrival arrival : sockets.collect()) {
            DEVICES.forEach((port, device) -> {
                if (device.equals(arrival.device())) {
                    arrived.get(port).add(nameOf(arrival.frame(), names));
                }
            });
        }
        guests.forEach((port, guest) -> {
            for (var frame = guest.receive(); frame.isPresent(); frame = guest.receive()) {
                arrived.get(port).add(nameOf(frame.get(), names));
            }
        });
    }

    /** Which frame of the corpus this is, byte for byte. */
    private static String nameOf(byte[] frame, Map<String, String> names) {
        String start = HexFormat.of().formatHex(Arrays.copyOf(frame, Math.min(64, frame.length)));
        return names.getOrDefault(
                HexFormat.of().formatHex(frame), "nothing that was sent: " + frame.length + " bytes, " + start);
    }
}
