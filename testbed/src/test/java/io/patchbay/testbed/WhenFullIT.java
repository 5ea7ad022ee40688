package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Uplinks behind which the kernel does not take frames as fast as they come: a veth, or a bridge's, with a token bucket. */
class WhenFullIT {

    private static final int FRAMES = 1500;

    private Namespace near;
    private Namespace far;

    @BeforeEach
    void makeCable() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("ip", "tc", "ping", "python3");
        near = new Namespace("pbwn");
        far = new Namespace("pbwf");
        Cable.lay(near, "pbwv0", far, "pbwv1"); // pulled out with the namespaces
    }

    @AfterEach
    void remove() throws Exception {
        near.close();
        far.close();
    }

    private void limit(String rate) throws Exception {
        limit(rate, "50mb");
    }

    private void limit(String rate, String room) throws Exception {
        near.run("tc qdisc replace dev pbwv0 root tbf rate " + rate + " burst 2000 limit " + room);
    }

    /** The port's configuration: out of the cable by itself, or by way of a bridge and a tap or another cable. */
    private String port(String kind, String more) throws Exception {
        if (kind.equals("raw-socket")) {
            return "{\"name\":\"up\",\"type\":\"raw-socket\",\"interface\":\"pbwv0\",\"namespace\":\"/run/netns/pbwn\"%s}"
                    .formatted(more);
        }
        near.run("ip link add pbwb type bridge && ip link set pbwb up && ip link set pbwv0 master pbwb");
        if (kind.equals("xdp")) {
            // Past the queueing discipline of its own interface; the bridge's has the frames, which are the socket's
            // until they are sent on.
            near.run(
                    "ip link add pbwx0 type veth peer name pbwx1 && ip link set pbwx0 up && ip link set pbwx1 master pbwb up");
            return "{\"name\":\"up\",\"type\":\"raw-socket\",\"mode\":\"xdp\",\"interface\":\"pbwx0\",\"namespace\":\"/run/netns/pbwn\"%s}"
                    .formatted(more);
        }
        near.run("ip tuntap add pbwt mode tap && ip link set pbwt master pbwb");
        return "{\"name\":\"up\",\"type\":\"tap\",\"device\":\"pbwt\",\"namespace\":\"/run/netns/pbwn\"%s}"
                .formatted(more);
    }

    private static byte[] frame(int number) {
        return ByteBuffer.allocate(200)
                .put(new byte[] {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, (byte) 0x88, (byte) 0xb5})
                .putInt(number)
                .array();
    }

    /** Has the switch learn where the guest's frames are to go. */
    private static void answer(PacketSockets sockets, SwitchUnderTest patchbay) throws Exception {
        byte[] frame = frame(0);
        System.arraycopy(new byte[] {2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9}, 0, frame, 0, 12);
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        do {
            assertThat(System.nanoTime()).as("the far address is learnt").isLessThan(end);
            sockets.send("pbwv1", frame);
            TimeUnit.MILLISECONDS.sleep(20);
        } while (!patchbay.ask("/v1/fdb").toString().contains("02:00:00:00:00:09"));
    }

    private static JsonNode room(SwitchUnderTest patchbay) throws Exception {
        return patchbay.ask("/v1/ports/up").get("details").get("room");
    }

    private static void send(FrontEnd guest, int number) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!guest.send(frame(number))) {
            assertThat(System.nanoTime())
                    .as("frame %d finds a free buffer", number)
                    .isLessThan(end);
            TimeUnit.MICROSECONDS.sleep(100);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"raw-socket", "tap", "xdp"})
    void framesForAFullUplinkWaitInTheGuestsRingAndNoneIsLost(String kind) throws Exception {
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(
                        List.of(
                                port(kind, ",\"whenFull\":\"hold\",\"holdAtMostMs\":20000,\"sendBufferBytes\":60000"),
                                SwitchUnderTest.guestPort(0)),
                        "adaptive");
                PacketSockets sockets = new PacketSockets("pbwf", List.of("pbwv1"));
                FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 1500)) {
            answer(sockets, patchbay);
            limit("1500kbit"); // a second and a half for all of them
            for (int i = 0; i < FRAMES; i++) {
                send(guest, i);
            }
            List<Integer> numbers = new ArrayList<>();
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (numbers.size() < FRAMES && System.nanoTime() < end) {
                sockets.collect().stream()
                        .map(PacketSockets.Arrival::frame)
                        .filter(f -> f.length == 200 && f[12] == (byte) 0x88)
                        .forEach(f -> numbers.add(ByteBuffer.wrap(f).getInt(14)));
                TimeUnit.MILLISECONDS.sleep(20);
            }
            assertThat(numbers).isEqualTo(IntStream.range(0, FRAMES).boxed().toList());
            JsonNode room = room(patchbay);
            assertThat(room.get("whenFull").stringValue()).isEqualTo("hold");
            assertThat(room.get("stalls").longValue()).isGreaterThan(1);
            assertThat(room.get("held").longValue()).isPositive();
            assertThat(patchbay.dropped("up", "uplink_full")).isZero();
            assertThat(patchbay.dropped("up", "held_too_long")).isZero();
            patchbay.awaitReceived(FRAMES + 1);
        }
    }

    @Test
    void framesForAFullUplinkThatDropsAreCounted() throws Exception {
        try (SwitchUnderTest patchbay = SwitchUnderTest.start(
                        List.of(port("raw-socket", ",\"sendBufferBytes\":60000"), SwitchUnderTest.guestPort(0)),
                        "adaptive");
                PacketSockets sockets = new PacketSockets("pbwf", List.of("pbwv1"));
                FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 1500)) {
            answer(sockets, patchbay);
            limit("1500kbit");
            for (int i = 0; i < FRAMES; i++) {
                send(guest, i);
            }
            patchbay.awaitReceived(FRAMES + 1);
            assertThat(patchbay.dropped("up", "uplink_full")).isPositive();
            assertThat(room(patchbay).get("whenFull").stringValue()).isEqualTo("drop");
        }
    }

    /**
     * The first is woken when there is room. A queueing discipline that refuses frames and an AF_XDP socket do not tell, and are tried again every 8 ms:
     * some 40 turns.
     */
    @ParameterizedTest(name = "{0} with room for {1}")
    @CsvSource({"raw-socket, 50mb, 50", "raw-socket, 5kb, 100", "xdp, 50mb, 100"})
    void anUplinkThatIsStuckDelaysNobodyElseCostsNothingAndIsGivenUp(String kind, String room, long turns)
            throws Exception {
        try (Namespace left = new Namespace("pbwl");
                Namespace right = new Namespace("pbwr");
                SwitchUnderTest patchbay = SwitchUnderTest.start(
                        List.of(
                                port(kind, ",\"whenFull\":\"hold\",\"holdAtMostMs\":3000,\"sendBufferBytes\":60000"),
                                SwitchUnderTest.guestPort(0),
                                "{\"name\":\"l\",\"type\":\"tap\",\"device\":\"pbwt0\",\"namespace\":\"/run/netns/pbwl\"}",
                                "{\"name\":\"r\",\"type\":\"tap\",\"device\":\"pbwt1\",\"namespace\":\"/run/netns/pbwr\"}"),
                        "adaptive");
                PacketSockets sockets = new PacketSockets("pbwf", List.of("pbwv1"));
                FrontEnd guest = FrontEnd.connect(patchbay.socket(0), FrontEndSettings.MODERN, 1500)) {
            left.run("ip address add 10.79.3.1/24 dev pbwt0");
            right.run("ip address add 10.79.3.2/24 dev pbwt1");
            assertThat(left.run("ping -c 2 -i 0.05 10.79.3.2")).contains(" 0% packet loss");
            answer(sockets, patchbay);
            limit("8bit", room);
            int sent = 0;
            while (guest.send(frame(sent))) {
                sent++;
                TimeUnit.MICROSECONDS.sleep(50);
            }
            assertThat(room(patchbay).get("fullForMs").longValue()).isPositive();
            assertThat(patchbay.dropped("up", "held_too_long")).isZero();

            assertThat(left.run("ping -c 50 -i 0.01 -W 1 10.79.3.2")).contains(" 0% packet loss");
            assertThat(patchbay.turnsInAMoment())
                    .as("turns of a worker that waits")
                    .isLessThan(turns);
            assertThat(patchbay.dropped("up", "held_too_long")).isZero();

            send(guest, sent); // once frames are dropped there is room in the ring
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
            while (patchbay.dropped("up", "held_too_long") == 0) {
                assertThat(System.nanoTime()).as("they are given up").isLessThan(end);
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }
}
