package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.port.PortStatus;
import io.patchbay.core.worker.IdlePolicy;
import io.patchbay.core.worker.Waiters;
import io.patchbay.core.worker.WorkerCounters;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Several queue pairs: which one a frame comes to, and what happens while they are enabled and disabled. */
@Timeout(60)
class MultiqueueTest {

    private static final int PAIRS = 4;
    private static final int MANY = 1;
    private static final int PEER = 2;
    private static final int ROUNDS = 100;
    private static final int FLOWS_OF_A_QUEUE = 6;

    private GuestRig rig;
    private FrontEnd many;
    private FrontEnd peer;

    @BeforeEach
    void twoGuests() throws Exception {
        rig = new GuestRig(new IdlePolicy.Adaptive(Duration.ofNanos(20_000)), Waiters.AUTO, 2, VhostSettings::at);
        many = guest(rig.socket(0), PAIRS);
        peer = guest(rig.socket(1), 1);
        send(many, 0, udp(MANY, PEER, 9, 9, 0));
        await(peer, 0);
        send(peer, 0, udp(PEER, MANY, 9, 9, 0));
        GuestRig.awaitThat("both addresses are learnt", () -> !allReceived().isEmpty());
    }

    private static FrontEnd guest(String socket, int pairs) throws IOException {
        return FrontEnd.connect(socket, FrontEndSettings.MODERN.withQueuePairs(pairs), 60);
    }

    private static void send(FrontEnd guest, int pair, byte[] frame) {
        assertThat(guest.pair(pair).send(frame)).as("there was room").isTrue();
    }

    @AfterEach
    void close() throws Exception {
        many.close();
        peer.close();
        rig.close();
    }

    private record Arrival(int pair, int port, int number) {}

    /** An IPv4 datagram between the two guests, with a number in it. */
    private static byte[] udp(int from, int to, int sourcePort, int destinationPort, int number) {
        ByteBuffer frame = ByteBuffer.allocate(60);
        frame.put(new byte[] {2, 0, 0, 0, 0, (byte) to, 2, 0, 0, 0, 0, (byte) from})
                .putShort((short) 0x0800);
        frame.put((byte) 0x45)
                .put((byte) 0)
                .putShort((short) 46)
                .putInt(0x4000)
                .put((byte) 64)
                .put((byte) 17);
        frame.putShort((short) 0).putInt(0x0a00_0000 + from).putInt(0x0a00_0000 + to);
        frame.putShort((short) sourcePort)
                .putShort((short) destinationPort)
                .putInt(0)
                .putInt(number);
        return frame.array();
    }

    private static byte[] await(FrontEnd guest, int pair) {
        List<byte[]> got = new ArrayList<>();
        GuestRig.awaitThat("a frame comes to pair " + pair, () -> {
            guest.pair(pair).receive().ifPresent(got::add);
            return !got.isEmpty();
        });
        return got.getFirst();
    }

    private List<Arrival> allReceived() {
        return allReceived(many);
    }

    private static List<Arrival> allReceived(FrontEnd guest) {
        List<Arrival> arrivals = new ArrayList<>();
        for (int pair = 0; pair < PAIRS; pair++) {
            for (var frame = guest.pair(pair).receive();
                    frame.isPresent();
                    frame = guest.pair(pair).receive()) {
                ByteBuffer bytes = ByteBuffer.wrap(frame.get());
                arrivals.add(new Arrival(pair, bytes.getShort(36), bytes.getInt(42)));
            }
        }
        return arrivals;
    }

    private List<Arrival> awaitReceived(int count) {
        List<Arrival> arrivals = new ArrayList<>();
        GuestRig.awaitThat(count + " frames come", () -> {
            arrivals.addAll(allReceived());
            return arrivals.size() >= count;
        });
        assertThat(arrivals).hasSize(count);
        return arrivals;
    }

    @Test
    void answersComeToThePairTheGuestSentFrom() {
        for (int flow = 0; flow < 64; flow++) {
            int pair = flow * 7 % PAIRS;
            send(many, pair, udp(MANY, PEER, 1000 + flow, 80, 0));
            await(peer, 0);
            send(peer, 0, udp(PEER, MANY, 80, 1000 + flow, 0));
            assertThat(awaitReceived(1)).containsExactly(new Arrival(pair, 1000 + flow, 0));
        }
    }

    @Test
    void aConversationTheGuestMovesIsFollowed() {
        for (int round = 0; round < 20; round++) {
            int pair = round % PAIRS;
            send(many, pair, udp(MANY, PEER, 1000, 80, 0));
            await(peer, 0);
            send(peer, 0, udp(PEER, MANY, 80, 1000, round));
            assertThat(awaitReceived(1)).containsExactly(new Arrival(pair, 1000, round));
        }
    }

    @Test
    void conversationsTheGuestDidNotBeginAreSpreadAndEachStaysInOrder() {
        int flows = 40;
        int each = 5;
        for (int number = 0; number < each; number++) {
            for (int flow = 0; flow < flows; flow++) {
                send(peer, 0, udp(PEER, MANY, 5000, 2000 + flow, number));
            }
        }
        List<Arrival> arrivals = awaitReceived(flows * each);
        for (int flow = 0; flow < flows; flow++) {
            int port = 2000 + flow;
            List<Arrival> mine = arrivals.stream().filter(a -> a.port() == port).toList();
            assertThat(mine.stream().map(Arrival::pair).distinct())
                    .as("pairs of flow %d", flow)
                    .hasSize(1);
            assertThat(mine.stream().map(Arrival::number))
                    .as("order of flow %d", flow)
                    .containsExactly(0, 1, 2, 3, 4);
        }
        assertThat(arrivals.stream().map(Arrival::pair).distinct())
                .as("pairs in use")
                .hasSize(PAIRS);
    }

    @Test
    void conversationsOfManyQueuesAreDividedTogetherAndEachStaysInOrder() throws Exception {
        try (GuestRig oneWorker = GuestRig.adaptive();
                FrontEnd sender = guest(oneWorker.socket(0), PAIRS);
                FrontEnd receiver = guest(oneWorker.socket(1), PAIRS)) {
            receiver.pair(0).send(udp(MANY, PEER, 9, 9, 0));
            GuestRig.awaitThat(
                    "its address is learnt", () -> !allReceived(sender).isEmpty());
            List<Arrival> arrivals = new ArrayList<>();
            for (int round = 0; round < ROUNDS; round++) {
                putOnAllQueues(sender, round);
                int due = (round + 1) * 2 * PAIRS * FLOWS_OF_A_QUEUE;
                GuestRig.awaitThat("the frames of a round come", () -> {
                    arrivals.addAll(allReceived(receiver));
                    return arrivals.size() >= due;
                });
            }
            for (int flow = 0; flow < PAIRS * FLOWS_OF_A_QUEUE; flow++) {
                int port = 2000 + flow;
                List<Arrival> mine =
                        arrivals.stream().filter(a -> a.port() == port).toList();
                assertThat(mine.stream().map(Arrival::number))
                        .as("order of flow %d", flow)
                        .containsExactlyElementsOf(
                                IntStream.range(0, 2 * ROUNDS).boxed().toList());
                assertThat(mine.stream().map(Arrival::pair).distinct())
                        .as("pairs of flow %d", flow)
                        .hasSize(1);
            }
            oneWorker.assertTheSumsBalance();
        }
    }

    /** Two frames of each conversation, those of a queue shown together. */
    private static void putOnAllQueues(FrontEnd guest, int round) {
        for (int pair = 0; pair < PAIRS; pair++) {
            for (int i = 0; i < 2 * FLOWS_OF_A_QUEUE; i++) {
                int flow = pair * FLOWS_OF_A_QUEUE + i % FLOWS_OF_A_QUEUE;
                byte[] frame = udp(PEER, MANY, 5000, 2000 + flow, 2 * round + i / FLOWS_OF_A_QUEUE);
                assertThat(guest.pair(pair).put(new byte[guest.headerBytes()], frame))
                        .as("there was room")
                        .isTrue();
            }
        }
        for (int pair = 0; pair < PAIRS; pair++) {
            guest.pair(pair).showTransmit();
        }
    }

    @Test
    void aPairThatIsDisabledIsNotChosenAlthoughItIsStarted() throws Exception {
        send(many, 2, udp(MANY, PEER, 1000, 80, 0)); // learnt there
        await(peer, 0);
        many.enable(2, false);
        for (int flow = 0; flow < 100; flow++) {
            send(peer, 0, udp(PEER, MANY, 80, 1000 + flow, 0));
        }
        assertThat(awaitReceived(100).stream().map(Arrival::pair)).doesNotContain(2);
        rig.assertTheSumsBalance();
    }

    @Test
    void framesPassWhilePairsAreEnabledAndDisabled() throws Exception {
        int frames = 0;
        List<Arrival> arrivals = new ArrayList<>();
        for (int round = 0; round < 100; round++) {
            for (int i = 0; i < 4; i++, frames++) {
                send(peer, 0, udp(PEER, MANY, 80, 1000 + frames % 50, frames));
            }
            many.enable(1 + round % (PAIRS - 1), round / (PAIRS - 1) % 2 == 1);
            arrivals.addAll(allReceived());
        }
        arrivals.addAll(awaitReceived(frames - arrivals.size()));
        assertThat(arrivals.stream().map(Arrival::number))
                .containsExactlyInAnyOrderElementsOf(
                        IntStream.range(0, frames).boxed().toList());
    }

    @Test
    void theQueuesOfAPortAreSpreadOverWorkers() {
        for (int pair = 0; pair < PAIRS; pair++) {
            send(many, pair, udp(MANY, PEER, 1000 + pair, 80, 0));
            await(peer, 0);
        }
        assertThat(rig.board().workers())
                .hasSize(2)
                .allSatisfy(worker -> GuestRig.awaitThat(
                        "worker " + worker.number() + " has forwarded",
                        () -> worker.counters().get(WorkerCounters.Count.FRAMES) > 0));
    }

    @Test
    void thePortSaysHowManyQueuesRun() throws Exception {
        assertThat(rig.port(0).status()).isEqualTo(PortStatus.up("4 transmit and 4 receive queues run"));
        assertThat(rig.port(1).status()).isEqualTo(PortStatus.up("1 transmit and 1 receive queues run"));
        many.enable(3, false);
        assertThat(rig.port(0).status()).isEqualTo(PortStatus.up("3 transmit and 3 receive queues run"));
        many.stop(5); // the second pair's from the guest
        assertThat(rig.port(0).status()).isEqualTo(PortStatus.up("2 transmit and 3 receive queues run"));
    }

    @Test
    void aVirtualMachineWithEveryQueueStartsAFewTimesWithoutBeingKeptWaiting() throws Exception {
        try (GuestRig own = GuestRig.adaptive()) {
            for (int start = 0; start < 5; start++) {
                guest(own.socket(0), 32).close();
                GuestRig.awaitThat("it has gone", () -> !own.port(0).status().up());
            }
            assertThat(((VhostDetails) own.port(0).details()).session().orElseThrow())
                    .satisfies(s -> assertThat(s.connects()).isEqualTo(5))
                    .satisfies(s -> assertThat(s.keptWaiting()).isZero());
        }
    }
}
