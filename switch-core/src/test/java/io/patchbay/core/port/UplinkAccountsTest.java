package io.patchbay.core.port;

import static io.patchbay.core.port.QueueCounters.Count.BYTES;
import static io.patchbay.core.port.QueueCounters.Count.FRAMES;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.Delivery;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadCheck;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.frame.TestFrames;
import io.patchbay.core.linux.FrameBatch;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** An uplink accounts for every frame, also for those of a sender whose memory goes away meanwhile. */
class UplinkAccountsTest {

    private final QueueCounters counters = new QueueCounters();
    private final Burst burst = new Burst();

    private void frame(int length) {
        add(burst, TestFrames.frame(1, 2, length, new Random(1)));
    }

    private static void add(Burst burst, byte[] frame) {
        TestFrames.add(burst, frame, new Random(1));
    }

    /** Takes everything, by copying what is short. */
    private static FrameSink copying() {
        return new FrameSink() {

            @Override
            public int write(FrameBatch batch, int from) {
                return batch.frames() - from;
            }

            @Override
            public int onePieceBytes() {
                return 256;
            }
        };
    }

    /** Adds a frame of 60 bytes to a burst, whose memory goes away. */
    private static void frameThatGoes(Burst burst, long offload) {
        try (Arena gone = Arena.ofShared()) {
            burst.addSegment(gone.allocate(100), 0, 44);
            burst.endFrame(1, 2 + (8L << 32), 60);
            assertThat(OffloadCheck.ofGuest(OffloadSet.ALL).accept(burst, offload))
                    .isTrue();
        }
    }

    @Test
    void framesAreCountedAlsoIfTheirSendersMemoryHasGone() {
        frame(60);
        frame(60);
        frameThatGoes(burst, Offload.NONE);
        frame(60);
        UplinkTransmitter uplink = new UplinkTransmitter(copying(), counters);
        assertThatThrownBy(() -> uplink.transmit(burst, new int[] {0, 1, 2, 3}, 4))
                .isInstanceOf(IllegalStateException.class);
        assertThat(counters.dropped(DropReason.PORT_DOWN)).isEqualTo(4);
        uplink.transmit(burst, new int[] {0, 1}, 2);
        assertThat(counters.get(FRAMES)).isEqualTo(2);
        assertThat(counters.dropped()).isEqualTo(4);
    }

    @Test
    void whatWasWrittenBeforeTheSendersMemoryWentIsDelivered() {
        frame(60);
        frame(70);
        byte[] checked = TestFrames.frame(1, 2, 80, new Random(1));
        checked[12] = 8;
        add(burst, checked);
        assertThat(OffloadCheck.ofGuest(OffloadSet.ALL).accept(burst, Offload.checksum(34, 6)))
                .isTrue();
        frameThatGoes(burst, Offload.checksum(34, 6));
        frame(60);
        UplinkTransmitter uplink = new UplinkTransmitter(copying(), counters);
        assertThatThrownBy(() -> uplink.offer(burst, new int[] {0, 1, 2, 3, 4}, 5))
                .isInstanceOf(IllegalStateException.class);
        assertThat(counters.get(FRAMES)).isEqualTo(3);
        assertThat(counters.get(BYTES)).isEqualTo(60 + 70 + 80);
        assertThat(counters.dropped(DropReason.PORT_DOWN)).isEqualTo(2);
        assertThat(counters.dropped()).isEqualTo(2);
    }

    @Test
    void whoGoesOnAfterASendersMemoryWentComesToTheNextSender() {
        Delivery delivery = new Delivery(2);
        frameThatGoes(delivery.burst(0), Offload.NONE);
        add(delivery.burst(0), TestFrames.frame(1, 2, 60, new Random(1)));
        add(delivery.burst(1), TestFrames.frame(1, 2, 60, new Random(1)));
        delivery.start(new int[] {0, 1, Burst.CAPACITY}, 3);
        UplinkTransmitter uplink = new UplinkTransmitter(copying(), counters);
        assertThatThrownBy(() -> uplink.transmit(delivery)).isInstanceOf(IllegalStateException.class);
        uplink.transmit(delivery);
        assertThat(counters.get(FRAMES)).isOne();
        assertThat(counters.dropped(DropReason.PORT_DOWN)).isEqualTo(2);
    }
}
