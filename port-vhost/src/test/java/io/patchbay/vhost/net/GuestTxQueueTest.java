package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.EthernetDescriptor;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a guest sends, and what it gets back. */
class GuestTxQueueTest extends QueueFixture {

    private GuestTxQueue sending() {
        return sending(OffloadSet.NOTHING, Optional.empty());
    }

    private GuestTxQueue sending(int asked, Optional<EventFd> kick) {
        return new GuestTxQueue(
                ring, HEADER, asked, new QueueEvents(kick, Optional.empty()), counters, fault, new FlowTable(), 0);
    }

    @Test
    void framesAreTakenFromTheRegionsOfTheirBuffers() {
        GuestTxQueue queue = sending();
        List<byte[]> frames = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            frames.add(frame(100, i));
            MemorySegment.copy(frames.get(i), 0, buffer(i), ValueLayout.JAVA_BYTE, HEADER, 100);
            post(HEADER + 100, 0);
        }
        assertThat(queue.poll(burst, Burst.CAPACITY)).isEqualTo(4);
        MemorySegment copy = arena.allocate(100);
        for (int i = 0; i < 4; i++) {
            burst.copyFrame(i, copy, 0);
            assertThat(copy.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(frames.get(i));
        }
    }

    @Test
    void aFrameLongerThanAnyIsDroppedThoughItIsInOneBuffer() {
        post(HEADER + EthernetDescriptor.MAX_FRAME_BYTES + 1, 0);
        assertThat(sending().poll(burst, Burst.CAPACITY)).isOne();
        assertThat(burst.count()).isZero();
        assertThat(counters.dropped(DropReason.OVERSIZE)).isOne();
    }

    @Test
    void aFrameOfNothingButAHeaderMayEndWithItsRegion() {
        int bytes = HEADER + EthernetDescriptor.HEADER_BYTES;
        post(guestAddress(0) + REGION_BYTES - bytes, bytes, 0);
        assertThat(sending().poll(burst, Burst.CAPACITY)).isOne();
        assertThat(burst.length(0)).isEqualTo(EthernetDescriptor.HEADER_BYTES);
    }

    @Test
    void aBufferOfAByteAtTheEndOfItsRegionIsNoHeaderAndIsReported() {
        post(guestAddress(0) + REGION_BYTES - 1, 1, 0);
        assertThat(sending(OffloadSet.CSUM, Optional.empty()).poll(burst, Burst.CAPACITY))
                .isOne();
        assertThat(counters.dropped(DropReason.BAD_HEADER)).isOne();
        assertThat(error.drain()).isTrue();
    }

    /** With the rest of the first piece it has one more than a frame may have. */
    @Test
    void nothingOfAFrameOfTooManyPiecesIsInTheNext() {
        int pieces = Burst.MAX_FRAME_SEGMENTS + 1;
        post(HEADER + 20, SplitRingDescriptor.FLAG_NEXT);
        for (int i = 1; i < pieces; i++) {
            descriptor(i, guestAddress(1), 1, i < pieces - 1 ? SplitRingDescriptor.FLAG_NEXT : 0);
        }
        descriptor(pieces, guestAddress(1) + BUFFER_BYTES, HEADER + 100, 0);
        places.available().set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.availableEntry(1), (short) pieces);
        places.available().set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.AVAILABLE_INDEX, (short) 2);
        byte[] next = frame(100, 1);
        MemorySegment.copy(next, 0, regions.getLast().memory(), ValueLayout.JAVA_BYTE, BUFFER_BYTES + HEADER, 100);
        assertThat(sending().poll(burst, Burst.CAPACITY)).isEqualTo(2);
        assertThat(counters.dropped(DropReason.TOO_MANY_SEGMENTS)).isOne();
        MemorySegment copy = arena.allocate(100);
        burst.copyFrame(0, copy, 0);
        assertThat(copy.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(next);
    }

    @Test
    void aGuestThatWantsNoNotificationOfWhatWasSentIsCounted() {
        places.available().set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.AVAILABLE_FLAGS, (short)
                SplitRingDescriptor.AVAILABLE_NO_INTERRUPT);
        post(HEADER + 100, 0);
        GuestTxQueue queue = sending();
        queue.poll(burst, Burst.CAPACITY);
        queue.release();
        assertThat(counters.get(QueueCounters.Count.CALLS_SUPPRESSED)).isOne();
    }

    @Test
    void aKickIsCounted() {
        try (EventFd kick = EventFd.create()) {
            GuestTxQueue queue = sending(OffloadSet.NOTHING, Optional.of(kick));
            queue.clearWakeUp();
            kick.signal();
            queue.clearWakeUp();
            assertThat(counters.get(QueueCounters.Count.KICKS)).isOne();
        }
    }

    @Test
    void nobodySleepsForAQueueThatCannotBeKicked() {
        try (EventFd kick = EventFd.create()) {
            assertThat(sending(OffloadSet.NOTHING, Optional.of(kick)).arm()).isFalse();
            assertThat(sending().arm()).isTrue();
        }
    }

    @Test
    void aBrokenQueueIsReportedOnceAndLeftAloneThen() {
        post(HEADER + 100, 0);
        places.available().set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.availableEntry(0), (short) SIZE);
        GuestTxQueue queue = sending();
        assertThat(queue.poll(burst, Burst.CAPACITY)).isZero();
        assertThat(error.drain()).isTrue();
        places.available().set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.availableEntry(0), (short) 0);
        assertThat(queue.poll(burst, Burst.CAPACITY)).isZero();
        assertThat(error.drain()).isFalse();
        assertThat(queue.arm()).as("there is nothing to stay awake for").isFalse();
    }

    @Test
    void whatWasLookedAtIsChargedToTheGuest() {
        for (int i = 0; i < 4; i++) {
            post(HEADER + 100, 0);
        }
        sending().poll(burst, Burst.CAPACITY);
        assertThat(burst.effort()).isEqualTo(4 * 2);
    }

    @Test
    void aTurnEndsThoughNoFrameComesOfAllThatIsLookedAt() {
        int pieces = 1000;
        for (int i = 0; i < pieces; i++) {
            descriptor(i, guestAddress(0), 0, i < pieces - 1 ? SplitRingDescriptor.FLAG_NEXT : 0);
        }
        places.available().set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.AVAILABLE_INDEX, (short) 10);
        assertThat(sending().poll(burst, Burst.CAPACITY)).isEqualTo(5);
    }
}
