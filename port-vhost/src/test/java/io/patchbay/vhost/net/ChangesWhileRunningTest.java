package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.worker.IdlePolicy;
import io.patchbay.core.worker.Waiters;
import io.patchbay.vhost.frontend.DirtyLogReader;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * What a front end may say while its queues run, with frames passing in both directions: every frame must arrive, so none may meet a port
 * that is withdrawn for a moment.
 */
@Timeout(60)
class ChangesWhileRunningTest {

    private static final List<Fd> NO_FILES = List.of();
    private static final int ROUNDS = 200;

    private GuestRig rig;
    private FrontEnd a;
    private FrontEnd b;

    @BeforeEach
    void twoGuests() throws Exception {
        rig = GuestRig.adaptive();
        a = rig.connect(0, FrontEndSettings.MODERN);
        b = rig.connect(1, FrontEndSettings.MODERN);
        exchange(0); // both addresses are learnt
    }

    @AfterEach
    void close() throws Exception {
        rig.close();
    }

    private interface Step {
        void take(int round) throws IOException;
    }

    private void exchange(int seed) {
        byte[] there = GuestToGuestTest.frame(2, 1, 100, new Random(seed));
        assertThat(a.send(there)).isTrue();
        assertThat(GuestRig.await(b)).isEqualTo(there);
        byte[] back = GuestToGuestTest.frame(1, 2, 100, new Random(seed + 1));
        assertThat(b.send(back)).isTrue();
        assertThat(GuestRig.await(a)).isEqualTo(back);
    }

    /** Frames are on their way to and from the first guest while each step is taken. */
    private void assertNothingIsLost(Step step) throws IOException {
        for (int round = 1; round <= ROUNDS; round++) {
            byte[] there = GuestToGuestTest.frame(2, 1, 100, new Random(round));
            byte[] back = GuestToGuestTest.frame(1, 2, 100, new Random(-round));
            assertThat(a.send(there)).isTrue();
            assertThat(b.send(back)).isTrue();
            step.take(round);
            assertThat(GuestRig.await(b)).isEqualTo(there);
            assertThat(GuestRig.await(a)).isEqualTo(back);
        }
        assertThat(rig.delivered(0).dropped(DropReason.PORT_DOWN)).isZero();
        rig.assertTheSumsBalance();
    }

    @Test
    void memoryIsAddedAndRemoved() throws IOException {
        RegionDescription more = new RegionDescription(0x1_0000_0000L, 8192, 0x1000, 0);
        try (Fd memfd = SharedMemory.createMemfd("memory", 8192)) {
            assertNothingIsLost(round -> {
                a.client().tell(Request.ADD_MEM_REG, Message.singleRegion(more), List.of(memfd));
                a.client().tell(Request.REM_MEM_REG, Message.singleRegion(more), NO_FILES);
            });
        }
    }

    /** QEMU 7.2 does so for every queue pair, where memory slots are negotiated. */
    @Test
    void aRegionIsAddedAndRemovedAgainAndAgain() throws IOException {
        RegionDescription more = new RegionDescription(0x1_0000_0000L, 8192, 0x1000, 0);
        try (Fd memfd = SharedMemory.createMemfd("memory", 8192);
                Fd other = SharedMemory.createMemfd("another", 8192)) {
            assertNothingIsLost(round -> {
                for (int pair = 0; pair < 4; pair++) {
                    a.client().tell(Request.ADD_MEM_REG, Message.singleRegion(more), List.of(memfd));
                }
                assertThat(rig.port(0).guestMemory().regions()).hasSize(2);
                for (int pair = 0; pair < 4; pair++) {
                    a.client().tell(Request.REM_MEM_REG, Message.singleRegion(more), NO_FILES);
                    assertThat(rig.port(0).guestMemory().regions()).hasSize(1);
                }
            });
            assertThatThrownBy(() -> a.client().tell(Request.REM_MEM_REG, Message.singleRegion(more), NO_FILES))
                    .as("once too often")
                    .isInstanceOf(IOException.class);
            a.client().tell(Request.ADD_MEM_REG, Message.singleRegion(more), List.of(memfd));
            assertThatThrownBy(() -> a.client().tell(Request.ADD_MEM_REG, Message.singleRegion(more), List.of(other)))
                    .as("the same place, and other memory")
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void theMemoryTableIsReplacedByOneWithARegionMore() throws IOException {
        RegionDescription more = new RegionDescription(0x1_0000_0000L, 8192, 0x1000, 0);
        try (Fd memfd = SharedMemory.createMemfd("memory", 8192)) {
            assertNothingIsLost(round -> {
                a.client()
                        .tell(
                                Request.SET_MEM_TABLE,
                                Message.memoryTable(List.of(more, a.region())),
                                List.of(memfd, a.memoryFile()));
                a.client()
                        .tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(a.region())), List.of(a.memoryFile()));
            });
        }
    }

    @Test
    void theSameIsSaidAgainAsQemuDoesForEveryQueuePair() throws IOException {
        long features = FrontEndSettings.MODERN.features() | Feature.VHOST_USER_F_PROTOCOL_FEATURES.mask();
        Object regionsBefore = rig.port(0).guestMemory().regions();
        assertNothingIsLost(round -> {
            a.client().tell(Request.SET_OWNER, new byte[0], NO_FILES);
            a.client().tell(Request.SET_FEATURES, Message.number(features), NO_FILES);
            a.client().tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(a.region())), List.of(a.memoryFile()));
            a.client().tell(Request.SET_VRING_ENABLE, Message.state(0, 1), NO_FILES);
            a.client().tell(Request.SET_VRING_ENABLE, Message.state(1, 1), NO_FILES);
            a.client().tell(Request.SET_VRING_NUM, Message.state(0, 256), NO_FILES);
            a.client().tell(Request.SET_VRING_NUM, Message.state(1, 256), NO_FILES);
            a.client().tell(Request.SET_VRING_ADDR, Message.addresses(a.addresses(0)), NO_FILES);
            a.client().tell(Request.SET_VRING_ADDR, Message.addresses(a.addresses(1)), NO_FILES);
            a.client().tell(Request.NET_SET_MTU, Message.number(1500), NO_FILES);
        });
        assertThat(rig.port(0).guestMemory().regions())
                .as("nothing was mapped anew")
                .isEqualTo(regionsBefore);
    }

    @Test
    void whatTheGuestsBuffersGetIsLoggedAndNotLogged() throws IOException {
        try (DirtyLogReader log = a.newLog()) {
            a.useLog(log);
            assertNothingIsLost(round -> {
                a.logWrites(true, false);
                a.logWrites(false, false);
            });
        }
    }

    @Test
    void theDescriptorsOfARunningQueueAreReplaced() throws IOException {
        try (EventFd bell = EventFd.create()) {
            assertNothingIsLost(round -> {
                a.client().tell(Request.SET_VRING_CALL, Message.number(0), List.of(bell.descriptor()));
                a.client().tell(Request.SET_VRING_CALL, Message.number(1), List.of(bell.descriptor()));
                a.client().tell(Request.SET_VRING_KICK, Message.number(0), List.of(bell.descriptor()));
                a.client().tell(Request.SET_VRING_CALL, Message.number(7), List.of(bell.descriptor()));
            });
        }
    }

    @Test
    void aRegionThatHoldsARunningRingGoesAwayAndOnlyThatRingStops() throws IOException {
        a.client().tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of()), NO_FILES);

        assertThat(rig.port(0).status().up()).isFalse();
        assertThat(rig.port(0).status().reason()).contains("memory not shared");
        assertThat(rig.port(1).status().up()).isTrue();

        a.client().tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(a.region())), List.of(a.memoryFile()));
        assertThat(rig.port(0).status().up()).isTrue();
        exchange(17);
    }

    /** Cloud Hypervisor pauses a guest this way, and takes a picture of its memory. */
    @Test
    void aDisabledDeviceTouchesNothingAndGoesOnWhereItStood() throws Exception {
        for (int queue = 0; queue < 2; queue++) {
            a.client().tell(Request.SET_VRING_ENABLE, Message.state(queue, 0), NO_FILES);
        }
        byte[] waiting = GuestToGuestTest.frame(2, 1, 100, new Random(3));
        assertThat(a.send(waiting)).isTrue();
        byte[] picture = a.memory().toArray(ValueLayout.JAVA_BYTE);
        assertThat(b.send(GuestToGuestTest.frame(1, 2, 100, new Random(4)))).isTrue();
        GuestRig.awaitThat("it is dropped", () -> rig.delivered(0).dropped(DropReason.PORT_DOWN) == 1);
        TimeUnit.MILLISECONDS.sleep(50);
        assertThat(a.memory().toArray(ValueLayout.JAVA_BYTE)).isEqualTo(picture);

        for (int queue = 0; queue < 2; queue++) {
            a.client().tell(Request.SET_VRING_ENABLE, Message.state(queue, 1), NO_FILES);
        }
        assertThat(GuestRig.await(b)).isEqualTo(waiting);
        exchange(5);
    }

    @Test
    void memoryInAnotherFileIsMappedAnew() throws IOException {
        try (Fd other = SharedMemory.createMemfd("other", a.region().size())) {
            Object regionsBefore = rig.port(0).guestMemory().regions();
            a.client().tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(a.region())), List.of(other));
            assertThat(rig.port(0).guestMemory().regions()).isNotEqualTo(regionsBefore);
        }
    }

    @Test
    void aQueueSendsEachFrameOnceAndInOrderWhileAnotherOfItsGuestChangesAndWorkersAreSeveral() throws Exception {
        int frames = 20_000;
        List<Integer> numbers = new ArrayList<>();
        try (GuestRig two = new GuestRig(
                        new IdlePolicy.Adaptive(Duration.ofNanos(20_000)), Waiters.AUTO, 2, VhostSettings::at);
                FrontEnd many = FrontEnd.connect(two.socket(0), FrontEndSettings.MODERN.withQueuePairs(2), 60);
                FrontEnd peer = FrontEnd.connect(two.socket(1), FrontEndSettings.MODERN, 60);
                EventFd bell = EventFd.create()) {
            peer.send(numbered(1, 2, 0));
            GuestRig.awaitThat(
                    "the peer is known",
                    () -> !many.pair(0).receive().isEmpty()
                            || !many.pair(1).receive().isEmpty());
            AtomicBoolean done = new AtomicBoolean();
            CompletableFuture<Void> changes = CompletableFuture.runAsync(() -> {
                while (!done.get()) {
                    replaceCall(many, bell);
                }
            });
            long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            for (int sent = 0; numbers.size() < frames && System.nanoTime() < end; ) {
                boolean roomAtThePeer = sent - numbers.size() < FrontEndSettings.MODERN.queueSize() / 2;
                sent += roomAtThePeer && sent < frames && many.pair(1).send(numbered(2, 1, sent)) ? 1 : 0;
                peer.receive()
                        .ifPresent(frame -> numbers.add(ByteBuffer.wrap(frame).getInt(20)));
            }
            done.set(true);
            changes.join();
        }
        assertThat(numbers).isEqualTo(IntStream.range(0, frames).boxed().toList());
    }

    /** Of the first transmit queue: QEMU does so whenever a guest masks its interrupt. */
    private static void replaceCall(FrontEnd guest, EventFd bell) {
        try {
            guest.client().tell(Request.SET_VRING_CALL, Message.number(1), List.of(bell.descriptor()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static byte[] numbered(int to, int from, int number) {
        byte[] frame = GuestToGuestTest.frame(to, from, 60, new Random(0));
        ByteBuffer.wrap(frame).putInt(20, number);
        return frame;
    }
}
