package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.RoomBell;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.HoldingTransmitter;
import io.patchbay.core.port.Port;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.PortQueues;
import io.patchbay.core.port.PortStatus;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.worker.Switchboard;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.wire.Feature;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What a guest sees of frames that wait for a full uplink: they stay in its ring. */
@Timeout(60)
class HoldTest {

    private static final int FRAMES = 40;

    /** An uplink that takes as many frames as it is told to. */
    private static final class Gate implements Port, HoldingTransmitter {

        private final AtomicInteger room = new AtomicInteger();
        private final Queue<Integer> numbers = new ConcurrentLinkedQueue<>();
        private final EventFd writable = EventFd.create();

        @Override
        public Optional<HoldingTransmitter> holding() {
            return Optional.of(this);
        }

        @Override
        public int offer(Burst burst, int[] frames, int count) {
            int done = 0;
            while (done < count && room.get() > 0) {
                room.decrementAndGet();
                // Its third 32-bit word after the addresses and the type is the frame's number.
                numbers.add((int) (burst.head1(frames[done]) >>> 48));
                done++;
            }
            return done;
        }

        @Override
        public void transmit(Burst burst, int[] frames, int count) {
            throw new AssertionError("nothing is flooded here");
        }

        @Override
        public void held(int frames) {}

        @Override
        public void refuse(int frames) {}

        @Override
        public long retryAt() {
            return System.nanoTime() + 1_000_000_000L;
        }

        @Override
        public boolean hasRoom() {
            return room.get() > 0;
        }

        @Override
        public boolean rings() {
            return true;
        }

        @Override
        public long fullForMillis() {
            return 0;
        }

        @Override
        public RoomBell bell() {
            return RoomBell.on(writable.number());
        }

        @Override
        public void start(PortContext context) {}

        @Override
        public PortStatus status() {
            return PortStatus.up("gate");
        }

        @Override
        public Record details() {
            return status();
        }

        @Override
        public void fault(Throwable cause) {
            throw new AssertionError(cause);
        }

        @Override
        public void close() {
            writable.close();
        }
    }

    static Stream<Arguments> layouts() {
        long modern = FrontEndSettings.MODERN.features();
        long packed = modern | Feature.VIRTIO_F_RING_PACKED.mask();
        long inOrder = packed | Feature.VIRTIO_F_IN_ORDER.mask();
        return Stream.of(
                Arguments.of("split", modern), Arguments.of("packed", packed), Arguments.of("in order", inOrder));
    }

    private static byte[] frame(int number) {
        return ByteBuffer.allocate(60)
                .put(new byte[] {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1, (byte) 0x88, (byte) 0xb5})
                .putShort(Short.reverseBytes((short) number))
                .array();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("layouts")
    void chainsThatWaitAreNotConsumedAndGoOnWhereTheQueueIsStartedAgain(String name, long features) throws Exception {
        try (GuestRig rig = GuestRig.adaptive();
                Gate gate = new Gate();
                Switchboard.Attachment attachment = rig.board().attach("gate", gate, new PortCounters())) {
            attachment.publish(new PortQueues(List.of(), Optional.of(gate)));
            rig.board().macs().learn(0x0200_0000_0009L, attachment.index());
            FrontEnd guest = rig.connect(0, new FrontEndSettings(features, 64, 2048));
            gate.room.set(10);
            for (int i = 0; i < FRAMES; i++) {
                assertThat(guest.send(i == 5 ? new byte[3] : frame(i))).isTrue(); // one is no frame
            }
            GuestRig.awaitThat("it is full", () -> gate.room.get() == 0);
            GuestRig.awaitThat("frames wait", () -> rig.received(0).get(QueueCounters.Count.FRAMES) > 11);

            long position = guest.stop(1);
            assertThat(position & 0x7fff)
                    .as("the first chain that was not sent")
                    .isEqualTo(11);
            assertThat(rig.received(0).dropped(DropReason.PUT_BACK)).isPositive();

            guest.start(1, position);
            gate.room.set(FRAMES);
            GuestRig.awaitThat("all are sent", () -> gate.numbers.size() == FRAMES - 1);
            assertThat(gate.numbers)
                    .containsExactlyElementsOf(IntStream.range(0, FRAMES)
                            .filter(i -> i != 5)
                            .boxed()
                            .toList());
            // Starting a queue takes more than one message, and each may put frames back once more.
            assertThat(rig.received(0).get(QueueCounters.Count.FRAMES)
                            - rig.received(0).dropped(DropReason.PUT_BACK))
                    .isEqualTo(FRAMES);
        }
    }
}
