package io.patchbay.core.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class PollSetTest {

    @Test
    void aSetOfDescriptorsSaysWhichAreReady() {
        try (EventFd rings = EventFd.create();
                EventFd quiet = EventFd.create()) {
            PollSet set = new PollSet(2).add(quiet.number(), PollSet.IN).add(rings.number(), PollSet.IN);
            assertThat(set.isReady()).isFalse();
            rings.signal();
            assertThat(set.isReady()).isTrue();
            assertThat(set.ready(0)).isFalse();
            assertThat(set.ready(1)).isTrue();
        }
    }

    @Test
    void waitingEndsWithTheTimeOrTheBell() {
        try (EventFd bell = EventFd.create()) {
            PollSet set = new PollSet(1).add(bell.number(), PollSet.IN);
            assertThat(set.await(Duration.ofMillis(1))).isFalse();
            Thread.ofPlatform().start(bell::signal);
            set.await();
            assertThat(set.ready(0)).isTrue();
        }
    }

    @Test
    void aClosedDescriptorIsReadySoThatNobodyWaitsForItForEver() {
        EventFd bell = EventFd.create();
        PollSet set = new PollSet(1).add(bell.number(), PollSet.IN);
        bell.close();
        assertThat(set.isReady()).isTrue();
        assertThat(set.ready(0)).isTrue();
    }
}
