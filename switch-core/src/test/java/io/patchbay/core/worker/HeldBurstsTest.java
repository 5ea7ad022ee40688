package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.forward.Routes;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.FrameSink;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.QuietPort;
import io.patchbay.core.port.QuietQueue;
import io.patchbay.core.port.Transmitter;
import io.patchbay.core.port.UplinkTransmitter;
import io.patchbay.core.port.WhenFull;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A burst that is offered to an uplink that holds, without a worker. */
class HeldBurstsTest {

    private final PortCounters counters = new PortCounters();
    private final QueueCounters out = counters.transmit(0);
    private final HeldBursts held = new HeldBursts(new Faults(0, (_, _) -> {}, new WorkerCounters()));
    private final Routes routes = new Routes(1);

    private UplinkTransmitter uplink(FrameSink sink) {
        return new UplinkTransmitter(sink, out, 0, OffloadSet.NOTHING, new WhenFull(true, Duration.ofMinutes(10)));
    }

    private static Plug plug(int index, PortCounters counters, Transmitter way) {
        return new Plug(index, new QuietPort() {}, counters, IngressPolicy.OPEN, List.of(), Optional.of(way));
    }

    private static Burst burst(int frames) {
        Burst burst = new Burst();
        for (int i = 0; i < frames; i++) {
            burst.endFrame(1, 2, 16);
        }
        return burst;
    }

    /** Of a guest whose memory goes away while its queue is withdrawn. */
    private record BrokenQueue(QueueCounters counters) implements QuietQueue {

        @Override
        public int poll(Burst burst, int limit) {
            throw new AssertionError("nobody polls what waits");
        }

        @Override
        public boolean putBack(int first) {
            throw new InternalError("a fault occurred in an unsafe memory access operation");
        }
    }

    @Test
    void whatWaitsInAQueueThatBreaksWhenItIsWithdrawnIsCounted() {
        UplinkTransmitter uplink = uplink((_, _) -> -Errno.EAGAIN);
        PortCounters sender = new PortCounters();
        Plug[] plugs = {plug(0, counters, uplink), plug(1, sender, uplink)};
        held.adopt(List.of(), plugs);
        Burst burst = burst(3);
        held.offer(uplink, 0, burst, new int[] {0, 1, 2}, 3, routes);
        Burst _ = held.keep(burst, new Inlet(plugs[1], new BrokenQueue(sender.receive(0)), sender.receive(0)));

        held.adopt(List.of(), plugs);

        assertThat(held.isEmpty()).isTrue();
        assertThat(sender.receive(0).dropped(DropReason.PORT_DOWN)).isEqualTo(3);
    }

    @Test
    void whatComesBehindAnErrorIsCountedToo() {
        FrameSink breaksOffAtTheSecond = new FrameSink() {

            private int writes;

            @Override
            public int write(FrameBatch batch, int from) {
                writes++;
                if (writes == 2) {
                    throw new InternalError("a fault occurred in an unsafe memory access operation");
                }
                return batch.frames() - from;
            }
        };
        UplinkTransmitter uplink = uplink(breaksOffAtTheSecond);
        held.adopt(List.of(), new Plug[] {plug(0, counters, uplink)});
        Burst burst = burst(6);
        routes.setFlooded(2); // three runs: what is before it, itself, and what is behind
        assertThatThrownBy(() -> held.offer(uplink, 0, burst, new int[] {0, 1, 2, 3, 4, 5}, 6, routes))
                .isInstanceOf(InternalError.class);
        assertThat(out.get(QueueCounters.Count.FRAMES)).isEqualTo(2);
        assertThat(out.dropped(DropReason.PORT_DOWN)).isEqualTo(4);
        assertThat(held.hasBegun()).isFalse();
    }

    /** An uplink without room, and a queue whose frames wait for it. */
    private static final class Waiting implements QuietQueue {

        private final boolean takesBack;
        private final QueueCounters counters = new QueueCounters();
        private final UplinkTransmitter full = new UplinkTransmitter(
                (batch, from) -> -Errno.EAGAIN,
                new QueueCounters(),
                0,
                OffloadSet.NOTHING,
                new WhenFull(true, Duration.ofMinutes(10)));
        private final Plug[] plugs = {plug(0, Optional.of(full)), plug(1, Optional.empty())};
        private final HeldBursts held = new HeldBursts(new Faults(0, (_, _) -> {}, new WorkerCounters()));
        private final Inlet inlet = new Inlet(plugs[1], this, counters);
        private int released;

        /** @param takesBack whether the queue takes frames back */
        Waiting(boolean takesBack) {
            this.takesBack = takesBack;
            held.adopt(List.of(inlet), plugs);
            Burst burst = new Burst();
            burst.endFrame(1, 2, 16);
            burst.endFrame(1, 2, 16);
            held.offer(full, 0, burst, new int[] {0, 1}, 2, new Routes(1));
            assertThat(held.hasBegun()).isTrue();
        }

        private static Plug plug(int index, Optional<Transmitter> transmitter) {
            return new Plug(index, new QuietPort() {}, new PortCounters(), IngressPolicy.OPEN, List.of(), transmitter);
        }

        void keep() {
            held.keep(new Burst(), inlet);
        }

        @Override
        public int poll(Burst burst, int limit) {
            return 0;
        }

        @Override
        public void release() {
            released++;
        }

        @Override
        public boolean putBack(int first) {
            return takesBack;
        }

        @Override
        public QueueCounters counters() {
            return counters;
        }
    }

    @Test
    void whatShouldWaitOfAPortThatHasFailedIsCounted() {
        Waiting waiting = new Waiting(true);
        waiting.held.abandon(waiting.inlet);
        assertThat(waiting.counters.dropped(DropReason.PORT_DOWN)).isEqualTo(2);
    }

    @Test
    void whatWaitsOfAPortThatFailsIsCounted() {
        Waiting waiting = new Waiting(true);
        waiting.keep();
        waiting.plugs[1].fail();
        waiting.held.retry();
        assertThat(waiting.counters.dropped(DropReason.PORT_DOWN)).isEqualTo(2);
        assertThat(waiting.held.isEmpty()).isTrue();
    }

    @Test
    void whatWaitsOfAPortThatHasFailedAndGoneIsCounted() {
        Waiting waiting = new Waiting(true);
        waiting.keep();
        waiting.plugs[1].fail();
        waiting.held.adopt(List.of(), waiting.plugs);
        assertThat(waiting.counters.dropped(DropReason.PORT_DOWN)).isEqualTo(2);
    }

    @Test
    void aQueueThatTakesNothingBackIsReleasedWhenItGoes() {
        Waiting waiting = new Waiting(false);
        waiting.keep();
        waiting.held.adopt(List.of(), waiting.plugs);
        assertThat(waiting.counters.dropped(DropReason.UPLINK_FULL)).isEqualTo(2);
        assertThat(waiting.released).isOne();
    }

    @Test
    void whatWaitsForAPortThatHasFailedIsToBeDroppedAtOnce() {
        Waiting waiting = new Waiting(true);
        waiting.keep();
        waiting.plugs[0].fail();
        assertThat(waiting.held.arm()).isTrue();
    }
}
