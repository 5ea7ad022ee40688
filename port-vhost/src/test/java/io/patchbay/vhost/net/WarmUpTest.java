package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(60)
class WarmUpTest {

    @TempDir
    private Path directory = Path.of("");

    @Test
    void framesPassAndNothingIsLeftBehind() throws Exception {
        assertThat(WarmUp.run(Duration.ofMillis(10))).isPositive(); // whatever is made once, and stays
        long before = open();
        assertThat(WarmUp.run(Duration.ofMillis(500))).isPositive();
        assertThat(open()).as("open files").isEqualTo(before);
    }

    @Test
    void aGuestWaitsWhileTheProcessLivesThatTheStateFileNames() throws Exception {
        PeerProcess self = PeerProcess.of((int) ProcessHandle.current().pid()).orElseThrow();
        assertThat(WarmUp.isGuestWaiting(state(self))).isTrue();
        assertThat(WarmUp.isGuestWaiting(state(new PeerProcess(self.bootId(), self.pid(), self.startTicks() - 1))))
                .isFalse();
    }

    @Test
    void nobodyWaitsWhereNothingWasKeptOrItCannotBeRead() throws Exception {
        assertThat(WarmUp.isGuestWaiting(directory.resolve("none.json"))).isFalse();
        assertThat(WarmUp.isGuestWaiting(Files.writeString(directory.resolve("broken.json"), "{")))
                .isFalse();
    }

    private Path state(PeerProcess process) throws Exception {
        Path file = directory.resolve("vm1.json");
        OfferState.of(List.of(new OfferState.Holder(Optional.of(process), List.of(), List.of())))
                .write(file);
        return file;
    }

    private static long open() throws Exception {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }
}
