package io.patchbay.core.worker;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.IngressPolicy;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.QuietPort;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Whom a worker blames for an error. */
class FaultsTest {

    private final List<Plug> failed = new ArrayList<>();
    private final Faults faults = new Faults(0, (plug, cause) -> failed.add(plug), new WorkerCounters());

    /** A port whose memory was last changed at some time. */
    private static Plug plug(int index, long changedMillis) {
        QuietPort port = new QuietPort() {

            @Override
            public long memoryChangedMillis() {
                return changedMillis;
            }
        };
        return new Plug(index, port, new PortCounters(), IngressPolicy.OPEN, List.of(), Optional.empty());
    }

    @Test
    void aPortFailsOnce() {
        Plug plug = plug(0, Long.MIN_VALUE);
        faults.blame(plug, new IllegalStateException("a defect"));
        faults.blame(plug, new IllegalStateException("a defect"));
        assertThat(failed).containsExactly(plug);
    }

    @Test
    void whoseMemoryWasChangedLongAgoIsNotToBlame() {
        Plug changedLongAgo = plug(0, 1000);
        Plug atWork = plug(1, Long.MIN_VALUE);
        faults.adopt(List.of(changedLongAgo, atWork));
        assertThat(faults.blame(atWork, new InternalError("a page has gone"))).isEqualTo(atWork);
    }

    @Test
    void whoseMemoryWasChangedAMomentAgoIsToBlame() {
        Plug changedJustNow = plug(0, System.currentTimeMillis());
        Plug atWork = plug(1, Long.MIN_VALUE);
        faults.adopt(List.of(changedJustNow, atWork));
        assertThat(faults.blame(atWork, new InternalError("a page has gone"))).isEqualTo(changedJustNow);
    }
}
