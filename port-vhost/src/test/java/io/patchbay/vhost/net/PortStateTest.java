package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.core.linux.UnixSocket;
import io.patchbay.core.port.PortStatus;
import io.patchbay.core.worker.IdlePolicy;
import io.patchbay.core.worker.Waiters;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.frontend.SplitDriverRing;
import io.patchbay.vhost.frontend.VhostClient;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.RegionDescription;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What an operator is told of a port that carries no frames. */
@Timeout(60)
class PortStateTest {

    private static final long V1 = Feature.VIRTIO_F_VERSION_1.mask();
    private static final List<Fd> NO_FILES = List.of();

    private static void awaitReason(GuestRig rig, String... parts) {
        GuestRig.awaitThat(
                "the port is down because of " + List.of(parts) + ": "
                        + rig.port(0).status(),
                () -> {
                    var status = rig.port(0).status();
                    return !status.up() && List.of(parts).stream().allMatch(status.reason()::contains);
                });
    }

    private static GuestRig clients() throws Exception {
        return new GuestRig(new IdlePolicy.Sleepy(), Waiters.AUTO, 1, VhostSettings::client);
    }

    @Test
    void notStarted() {
        assertThat(new VhostPort("vm0", VhostSettings.at("/run/vm0.sock")).status())
                .isEqualTo(PortStatus.down("not started"));
    }

    @Test
    void waitingForAFrontEndToConnect() throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            awaitReason(rig, "waiting for a front end to connect to " + rig.socket(0));
        }
    }

    @Test
    void waitingAgainAndWhyTheLastOneLeft() throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd.connect(rig.socket(0), FrontEndSettings.MODERN, 100).close();
            awaitReason(rig, "waiting for a front end to connect", "the last one left: the front end closed");
        }
    }

    @Test
    void aSocketThatWasRemovedIsNotWaitedAt() throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            Files.delete(Path.of(rig.socket(0)));
            awaitReason(rig, "no front end can connect", rig.socket(0) + " was removed");
        }
    }

    @Test
    void aSocketWhosePlaceAnotherHasTakenIsNotWaitedAt() throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            Files.delete(Path.of(rig.socket(0)));
            Files.createFile(Path.of(rig.socket(0)));
            awaitReason(rig, "no front end can connect", rig.socket(0) + " was removed, or is another's");
            Files.delete(Path.of(rig.socket(0)));
        }
    }

    @Test
    void waitingForAFrontEndToListen() throws Exception {
        try (GuestRig rig = clients()) {
            awaitReason(rig, "waiting for a front end to listen at " + rig.socket(0), "no such file");
        }
    }

    @Test
    void refused() throws Exception {
        try (GuestRig rig = clients()) {
            UnixSocket.bind(rig.socket(0)).close(); // leaves its file
            try {
                awaitReason(rig, "refused: nobody listens at " + rig.socket(0));
            } finally {
                java.nio.file.Files.delete(java.nio.file.Path.of(rig.socket(0)));
            }
        }
    }

    @Test
    void ringNotStarted() throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                VhostClient client = VhostClient.connect(rig.socket(0))) {
            client.ask(Request.GET_FEATURES);
            awaitReason(rig, "ring not started");
        }
    }

    @Test
    void ringNotStartedAfterTheFrontEndStoppedIt() throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            for (int queue = 0; queue < 2; queue++) {
                a.client().exchange(Request.GET_VRING_BASE, Message.state(queue, 0), NO_FILES);
            }
            awaitReason(rig, "ring not started");
        }
    }

    @ParameterizedTest
    @CsvSource({"0, transmit", "1, receive"})
    void oneQueueIsEnoughToBeUpAndItIsSaidWhichRuns(int stopped, String runs) throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
            byte[] frame = GuestToGuestTest.frame(2, 1, 100, new java.util.Random(1));
            a.send(frame); // or its transmit queue has never seen a buffer
            GuestRig.await(b);

            a.client().exchange(Request.GET_VRING_BASE, Message.state(stopped, 0), NO_FILES);

            assertThat(rig.port(0).status())
                    .isEqualTo(PortStatus.up("only the guest's " + runs
                            + " queue runs; ring not started: the guest's driver is not there yet"));
        }
    }

    @Test
    void disabled() throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            for (int queue = 0; queue < 2; queue++) {
                a.client().tell(Request.SET_VRING_ENABLE, Message.state(queue, 0), NO_FILES);
            }
            awaitReason(rig, "disabled");
        }
    }

    @Test
    void memoryNotSharedSinceThereIsNone() throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                VhostClient client = VhostClient.connect(rig.socket(0))) {
            client.tell(Request.SET_FEATURES, Message.number(V1), NO_FILES);
            awaitReason(rig, "memory not shared", "share=on");
        }
    }

    @Test
    void memoryNotSharedSinceItCannotBeMapped() throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                Fd file = SharedMemory.createMemfd("short", 4096)) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            a.client().tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of()), NO_FILES);
            RegionDescription tooLong = new RegionDescription(0, 8192, 0x1_0000, 0);
            assertThatThrownBy(() -> a.client()
                            .tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(tooLong)), List.of(file)))
                    .isInstanceOf(IOException.class);
            awaitReason(rig, "memory not shared", "of a file of 4096 bytes");
        }
    }

    @Test
    void aTableThatIsRefusedDoesNotMakeAPortDownThatGoesOn() throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                Fd file = SharedMemory.createMemfd("short", 4096)) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
            byte[] table = Message.memoryTable(List.of(new RegionDescription(0, 8192, 0x1_0000, 0)));
            assertThatThrownBy(() -> a.client().tell(Request.SET_MEM_TABLE, table, List.of(file)))
                    .isInstanceOf(IOException.class);

            byte[] frame = GuestToGuestTest.frame(2, 1, 100, new java.util.Random(1));
            assertThat(a.send(frame)).isTrue();
            assertThat(GuestRig.await(b)).isEqualTo(frame);
            assertThat(rig.port(0).status().up())
                    .as(rig.port(0).status().reason())
                    .isTrue();
        }
    }

    @Test
    void memoryNotSharedSinceWhatTheGuestWritesIsNotSeen() throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            try (Fd copy = SharedMemory.createMemfd("private", a.region().size())) {
                a.client().tell(Request.SET_MEM_TABLE, Message.memoryTable(List.of(a.region())), List.of(copy));
                awaitReason(rig, "the guest has never posted a buffer", "its memory is not shared");

                // A buffer at guest address 0 shows by its length alone.
                try (Arena arena = Arena.ofConfined()) {
                    SharedMemory.map(copy, 0, a.region().size(), arena).set(ValueLayout.JAVA_LONG, Long.BYTES, 2048);
                }
                assertThat(rig.port(0).status().up()).isTrue();
            }
        }
    }

    @Test
    void featuresRejected() throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            long wanted = V1 | Feature.VIRTIO_F_SR_IOV.mask();
            assertThatThrownBy(() -> a.client().tell(Request.SET_FEATURES, Message.number(wanted), NO_FILES))
                    .isInstanceOf(IOException.class);
            awaitReason(rig, "features rejected", "VIRTIO_F_SR_IOV");
        }
    }

    @Test
    void aReceiveRingThatTheGuestBrokeGoesOnWhenTheFrontEndSetsItUpAgain() throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
            MemorySegment available = ((SplitDriverRing) a.receiveRing()).available();
            short index = available.get(ValueLayout.JAVA_SHORT, SplitRingDescriptor.AVAILABLE_INDEX);
            available.set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.AVAILABLE_INDEX, (short) 20_000);
            byte[] frame = GuestToGuestTest.frame(1, 2, 100, new Random(1));
            assertThat(b.send(frame)).isTrue();
            GuestRig.awaitThat(
                    "the port says so",
                    () -> rig.port(0).status().reason().contains("vring 0: the guest broke the ring"));

            available.set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.AVAILABLE_INDEX, index);
            a.client().tell(Request.SET_VRING_KICK, Message.number(0), List.of(a.kick(0)));
            assertThat(b.send(frame)).isTrue();
            assertThat(GuestRig.await(a)).isEqualTo(frame);
        }
    }

    @Test
    void theGuestBrokeTheRing() throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            // The index jumps by more than the ring has entries.
            ((SplitDriverRing) a.transmitRing())
                    .available()
                    .set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.AVAILABLE_INDEX, (short) 20_000);
            a.kickTransmit();
            GuestRig.awaitThat(
                    "the port says so",
                    () -> rig.port(0).status().reason().contains("vring 1: the guest broke the ring"));
        }
    }

    @Test
    void detailsNameWhatWasNegotiated() throws Exception {
        try (GuestRig rig = GuestRig.adaptive()) {
            FrontEnd a = rig.connect(0, FrontEndSettings.MODERN);
            FrontEnd b = rig.connect(1, FrontEndSettings.MODERN);
            byte[] frame = GuestToGuestTest.frame(2, 1, 100, new java.util.Random(1));
            a.send(frame);
            GuestRig.await(b);
            VhostDetails details = (VhostDetails) rig.port(0).details();
            var session = details.session().orElseThrow();
            assertThat(session.connects()).isEqualTo(1);
            assertThat(session.peer().orElseThrow().pid())
                    .isEqualTo((int) ProcessHandle.current().pid());
            var device = details.device().orElseThrow();
            assertThat(device.features()).contains("VIRTIO_NET_F_MRG_RXBUF", "VIRTIO_F_VERSION_1");
            assertThat(device.layout()).isEqualTo("split");
            assertThat(device.memory()).singleElement().satisfies(region -> {
                assertThat(region.bytes()).isEqualTo(a.region().size());
                assertThat(region.sealed()).isTrue();
            });
            assertThat(device.queues()).hasSize(2).allSatisfy(queue -> {
                assertThat(queue.size()).isEqualTo(256);
                assertThat(queue.state()).isEqualTo("running");
            });
            GuestRig.awaitThat("the burst's end is counted", () -> {
                var q = ((VhostDetails) rig.port(0).details())
                        .device()
                        .orElseThrow()
                        .queues()
                        .get(1);
                return q.calls() + q.callsSuppressed() > 0;
            });
        }
    }
}
