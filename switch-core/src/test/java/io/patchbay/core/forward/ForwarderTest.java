package io.patchbay.core.forward;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.MacAddress;
import io.patchbay.core.frame.TestFrames;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForwarderTest {

    private static final long A = 0x0200_0000_000aL;
    private static final long B = 0x0200_0000_000bL;
    private static final int[] PORTS = {0, 1, 2};

    private final Forwarder forwarder = new Forwarder(new MacTable(100, 300));
    private IngressPolicy policy = IngressPolicy.OPEN;
    private final Routes routes = new Routes(1);
    private final QueueCounters counters = new QueueCounters();
    private final Random random = new Random(1);

    @BeforeEach
    void threePorts() {
        routes.resize(3);
    }

    /** Sends one frame and gives the ports it goes to. */
    private List<Integer> send(int from, long source, long destination) {
        Burst burst = new Burst();
        TestFrames.add(burst, TestFrames.frame(destination, source, 60, random), random);
        routes.clear();
        forwarder.route(burst, from, PORTS, policy, routes, counters);
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < routes.outputs(); i++) {
            ports.add(routes.output(i));
        }
        return ports;
    }

    @Test
    void aBurstIsRoutedAsIfEachFrameCameAlone() {
        long[] addresses = {A, B, 0x0200_0000_000cL, 0, MacAddress.BROADCAST, 0x0180_c200_0003L, 0x0100_5e00_0001L};
        for (long seed = 0; seed < 300; seed++) {
            Random choice = new Random(seed);
            // So few slots that many addresses do not stand where they are looked for first.
            Forwarder oneByOne = new Forwarder(new MacTable(4, 300));
            Forwarder together = new Forwarder(new MacTable(4, 300));
            policy = seed % 3 == 0
                    ? new IngressPolicy(Optional.of(List.of(A, B)), Optional.empty(), System::nanoTime)
                    : IngressPolicy.OPEN;
            QueueCounters expected = new QueueCounters();
            QueueCounters counted = new QueueCounters();
            for (int turn = 0; turn < 4; turn++) {
                int from = choice.nextInt(3);
                Burst all = new Burst();
                List<List<Integer>> byPort = List.of(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
                byte[] frame = new byte[0];
                for (int i = 0; i < 20; i++) {
                    if (i == 0 || choice.nextInt(3) == 0) {
                        frame = TestFrames.frame(
                                addresses[choice.nextInt(addresses.length)],
                                addresses[choice.nextInt(addresses.length)],
                                60,
                                choice);
                    }
                    TestFrames.add(all, frame, choice);
                    Burst alone = new Burst();
                    TestFrames.add(alone, frame, choice);
                    routes.clear();
                    oneByOne.route(alone, from, PORTS, policy, routes, expected);
                    for (int port : PORTS) {
                        byPort.get(port).addAll(Collections.nCopies(routes.count(port), i));
                    }
                }
                routes.clear();
                together.route(all, from, PORTS, policy, routes, counted);
                for (int port : PORTS) {
                    assertThat(Arrays.stream(routes.frames(port))
                                    .limit(routes.count(port))
                                    .boxed())
                            .as("seed %d, port %d", seed, port)
                            .isEqualTo(byPort.get(port));
                }
            }
            for (DropReason reason : DropReason.values()) {
                assertThat(counted.dropped(reason))
                        .as("seed %d, %s", seed, reason)
                        .isEqualTo(expected.dropped(reason));
            }
        }
    }

    @Test
    void anUnknownDestinationIsFloodedButNotBackToItsPort() {
        assertThat(send(1, A, B)).containsExactly(0, 2);
        assertThat(counters.get(QueueCounters.Count.FLOOD_COPIES)).isEqualTo(1);
    }

    @Test
    void aKnownDestinationGetsTheFrameAlone() {
        send(2, B, A);
        assertThat(send(0, A, B)).containsExactly(2);
    }

    @Test
    void aDestinationOnTheSamePortIsDroppedForThatReason() {
        send(0, B, A);
        assertThat(send(0, A, B)).isEmpty();
        assertThat(counters.dropped(DropReason.SAME_PORT)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {0xffff_ffff_ffffL, 0x0100_5e00_0001L, 0x3333_0000_0001L, 0x0180_c200_0010L})
    void groupsAreFlooded(long group) {
        assertThat(send(0, A, group)).containsExactly(1, 2);
    }

    @ParameterizedTest
    @ValueSource(longs = {0x0180_c200_0000L, 0x0180_c200_0001L, 0x0180_c200_000eL, 0x0180_c200_000fL})
    void addressesReservedForTheLinkAreNotForwarded(long reserved) {
        assertThat(send(0, A, reserved)).isEmpty();
        assertThat(counters.dropped(DropReason.RESERVED_ADDRESS)).isEqualTo(1);
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 0xffff_ffff_ffffL, 0x0100_0000_0001L})
    void aSourceThatNoStationCanHaveIsDroppedAndNotLearnt(long source) {
        assertThat(send(0, source, B)).isEmpty();
        assertThat(counters.dropped(DropReason.INVALID_SOURCE)).isEqualTo(1);
        assertThat(send(1, A, source & ~(1L << 40)).size()).isNotEqualTo(1);
    }

    @Test
    void whatIsLearntFromAFrameHoldsForTheNextOfTheSameBurst() {
        Burst burst = new Burst();
        TestFrames.add(burst, TestFrames.frame(B, A, 60, random), random);
        TestFrames.add(burst, TestFrames.frame(A, B, 60, random), random);
        routes.clear();
        forwarder.route(burst, 0, PORTS, policy, routes, counters);
        assertThat(counters.dropped(DropReason.SAME_PORT)).isEqualTo(1);
        assertThat(routes.count(1)).isEqualTo(1);
    }

    @Test
    void framesForOnePortStayInOrder() {
        send(2, B, A);
        Burst burst = new Burst();
        for (int i = 0; i < Burst.CAPACITY; i++) {
            TestFrames.add(burst, TestFrames.frame(B, A, 60 + i, random), random);
        }
        routes.clear();
        forwarder.route(burst, 0, PORTS, policy, routes, counters);
        assertThat(routes.frames(2)).startsWith(0, 1, 2, 3).endsWith(62, 63);
        assertThat(routes.count(2)).isEqualTo(Burst.CAPACITY);
    }

    @Test
    void withoutAnotherPortTheFrameIsCountedAsHavingNoDestination() {
        Burst burst = new Burst();
        TestFrames.add(burst, TestFrames.frame(B, A, 60, random), random);
        routes.clear();
        forwarder.route(burst, 0, new int[] {0}, policy, routes, counters);
        assertThat(counters.dropped(DropReason.NO_DESTINATION)).isEqualTo(1);
    }

    @Test
    void aFrameFromAnAddressThatIsNotThePortsIsDroppedAndTeachesNothing() {
        send(2, B, A);
        policy = new IngressPolicy(Optional.of(List.of(A)), Optional.empty(), System::nanoTime);

        assertThat(send(0, B, 0x0200_0000_0001L)).isEmpty();
        assertThat(counters.dropped(DropReason.SPOOFED_SOURCE)).isEqualTo(1);
        assertThat(send(0, A, B)).containsExactly(2);
    }

    @Test
    void framesThatAreFloodedAreLimitedAndOthersAreNot() {
        long[] now = {5};
        send(2, B, A);
        policy = new IngressPolicy(Optional.empty(), Optional.of(1000), () -> now[0]);
        for (int i = 0; i < 100; i++) {
            assertThat(send(0, A, MacAddress.BROADCAST)).containsExactly(1, 2);
        }

        assertThat(send(0, A, MacAddress.BROADCAST)).isEmpty();
        assertThat(send(0, A, 0x0200_0000_0077L)).isEmpty();
        assertThat(counters.dropped(DropReason.FLOOD_LIMIT)).isEqualTo(2);
        assertThat(send(0, A, B)).containsExactly(2);

        now[0] += 1_000_000;
        assertThat(send(0, A, MacAddress.BROADCAST)).containsExactly(1, 2);
        assertThat(send(0, A, MacAddress.BROADCAST)).isEmpty();
    }

    @Test
    void floodsThatWereNotMadeAreNotSavedUp() {
        long[] now = {5};
        policy = new IngressPolicy(Optional.empty(), Optional.of(10), () -> now[0]);
        now[0] += 1_000_000_000_000L;
        for (int i = 0; i < 64; i++) {
            assertThat(send(0, A, MacAddress.BROADCAST)).containsExactly(1, 2);
        }

        assertThat(send(0, A, MacAddress.BROADCAST)).isEmpty();
    }
}
