package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Delivery;
import io.patchbay.core.frame.Offload;
import io.patchbay.core.frame.OffloadCheck;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** What a guest receives, and how much of it. */
class GuestRxQueueTest extends QueueFixture {

    private GuestRxQueue receiving(boolean mergeable) {
        return new GuestRxQueue(
                ring,
                HEADER,
                mergeable,
                OffloadSet.NOTHING,
                new QueueEvents(Optional.empty(), Optional.empty()),
                counters,
                fault,
                WriteLog.OFF);
    }

    @Test
    void framesAreWrittenIntoTheRegionsOfTheirBuffers() {
        postForReceive(4, BUFFER_BYTES);
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            frames.add(add(frame(100, i)));
        }
        receiving(false).transmit(burst, new int[] {0, 1, 2, 3}, 4);
        for (int i = 0; i < 4; i++) {
            assertThat(bytes(i, HEADER, HEADER + 100)).isEqualTo(frames.get(i));
        }
    }

    /** Delivers a frame into the first three buffers of 100 bytes; by those the device guesses how many the next will need. */
    private void deliverTheFirst(GuestRxQueue queue) {
        add(frame(250, 0));
        queue.transmit(burst, new int[] {0}, 1);
        assertThat(counters.get(QueueCounters.Count.FRAMES)).isOne();
    }

    @Test
    void aFrameThatFillsSeveralBuffersIsWrittenIntoTheRegionsOfAll() {
        postForReceive(8, 100);
        GuestRxQueue queue = receiving(true);
        deliverTheFirst(queue);
        byte[] frame = add(frame(250, 1));
        queue.transmit(burst, new int[] {1}, 1);
        assertThat(bytes(3, HEADER, 100)).isEqualTo(Arrays.copyOfRange(frame, 0, 88));
        assertThat(bytes(4, 0, 100)).isEqualTo(Arrays.copyOfRange(frame, 88, 188));
        assertThat(bytes(5, 0, 62)).isEqualTo(Arrays.copyOfRange(frame, 188, 250));
    }

    @Test
    void aBufferTooShortForAHeaderTakesNoPartOfAFrame() {
        regionsUsed = 1;
        postForReceive(4, 100);
        postForReceive(1, HEADER - 1);
        postForReceive(3, 100);
        GuestRxQueue queue = receiving(true);
        deliverTheFirst(queue);
        add(frame(120, 1));
        queue.transmit(burst, new int[] {1}, 1);
        assertThat(bytes(4, 0, HEADER)).containsOnly(0);
        assertThat(counters.dropped(DropReason.BAD_DESCRIPTOR)).isOne();
    }

    @Test
    void aFrameThatWouldFillMoreBuffersThanAnyMayIsDropped() {
        postForReceive(1100, HEADER);
        add(frame(13_000, 1));
        receiving(true).transmit(burst, new int[] {0}, 1);
        assertThat(counters.dropped(DropReason.TOO_MANY_SEGMENTS)).isOne();
        assertThat(counters.dropped()).isOne();
    }

    @Test
    void aReceiveBufferThatTheDeviceMayNotWriteIsReported() {
        post(BUFFER_BYTES, 0);
        add(frame(100, 1));
        receiving(false).transmit(burst, new int[] {0}, 1);
        assertThat(error.drain()).isTrue();
    }

    @Test
    void aReceiveRingThatIsBrokenIsReported() {
        post(BUFFER_BYTES, WRITE);
        places.available().set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.availableEntry(0), (short) SIZE);
        add(frame(100, 1));
        receiving(false).transmit(burst, new int[] {0}, 1);
        assertThat(error.drain()).isTrue();
    }

    @Test
    void aGuestThatKnowsNoChecksumsIsNotToldThatOneWasVerified() {
        postForReceive(1, BUFFER_BYTES);
        add(frame(100, 1));
        assertThat(OffloadCheck.ofKernel().accept(burst, Offload.FLAG_DATA_VALID))
                .isTrue();
        receiving(false).transmit(burst, new int[] {0}, 1);
        assertThat(bytes(0, 0, 10)).containsOnly(0);
        assertThat(written(0)).isEqualTo(HEADER + 100);
    }

    @Test
    void aGuestThatWantsNoNotificationIsCountedAsSuchOnlyIfItGotAFrame() {
        places.available().set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.AVAILABLE_FLAGS, (short)
                SplitRingDescriptor.AVAILABLE_NO_INTERRUPT);
        postForReceive(1, BUFFER_BYTES);
        add(frame(100, 1));
        GuestRxQueue queue = receiving(false);
        queue.transmit(burst, new int[] {0}, 1);
        queue.transmit(burst, new int[] {0}, 1);
        assertThat(counters.get(QueueCounters.Count.CALLS_SUPPRESSED)).isOne();
    }

    @Test
    void whatWasLookedAtIsChargedToTheSender() {
        postForReceive(4, BUFFER_BYTES);
        add(frame(100, 0));
        add(frame(100, 1));
        receiving(false).transmit(burst, new int[] {0, 1}, 2);
        assertThat(burst.effort()).isEqualTo(2);
    }

    @Test
    void whatWasLookedAtForSeveralSendersIsChargedToAll() {
        postForReceive(4, BUFFER_BYTES);
        add(frame(100, 0));
        add(frame(100, 1));
        Delivery delivery = new Delivery(1);
        delivery.exchange(0, burst);
        delivery.start(new int[] {0, 1}, 2);
        receiving(false).transmit(delivery, 2);
        assertThat(delivery.takeEffort()).isEqualTo(2);
    }

    @Test
    void aGuestWithShortBuffersDoesNotHoldUpItsPeersForLong() {
        postForReceive(1100, HEADER);
        int[] frames = IntStream.range(0, 20).toArray();
        for (int i : frames) {
            add(frame(13_000, i));
        }
        receiving(true).transmit(burst, frames, frames.length);
        assertThat(burst.effort()).isBetween(8192L, 3 * 8192L / 2);
        assertThat(counters.dropped(DropReason.TOO_MANY_SEGMENTS)).isEqualTo(frames.length);
    }
}
