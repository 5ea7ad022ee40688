package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.forward.Routes;
import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.OffloadSet;
import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.port.DropReason;
import io.patchbay.core.port.FrameSink;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.port.QuietPort;
import io.patchbay.core.port.UplinkTransmitter;
import io.patchbay.core.port.WhenFull;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A burst that is offered to an uplink that holds, without a worker. */
class HeldBurstsTest {

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
        PortCounters counters = new PortCounters();
        QueueCounters out = counters.transmit(0);
        UplinkTransmitter uplink = new UplinkTransmitter(
                breaksOffAtTheSecond, out, 0, OffloadSet.NOTHING, new WhenFull(true, Duration.ofMinutes(10)));
        Plug plug = new Plug(0, new QuietPort() {}, counters, IngressPolicy.OPEN, List.of(), Optional.of(uplink));
        HeldBursts held = new HeldBursts(new Faults(0, (_, _) -> {}, new WorkerCounters()));
        held.adopt(List.of(), new Plug[] {plug});
        Burst burst = new Burst();
        for (int i = 0; i < 6; i++) {
            burst.endFrame(1, 2, 16);
        }
        Routes routes = new Routes(1);
        routes.setFlooded(2); // three runs: what is before it, itself, and what is behind
        assertThatThrownBy(() -> held.offer(uplink, 0, burst, new int[] {0, 1, 2, 3, 4, 5}, 6, routes))
                .isInstanceOf(InternalError.class);
        assertThat(out.get(QueueCounters.Count.FRAMES)).isEqualTo(2);
        assertThat(out.dropped(DropReason.PORT_DOWN)).isEqualTo(4);
        assertThat(held.hasBegun()).isFalse();
    }
}
