package io.patchbay.tap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.TapFile;
import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.WhenFull;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class TapQueuesTest {

    private static final PortContext RINGS = new Place() {

        @Override
        public boolean mayUseIoUring() {
            return true;
        }
    };

    @Test
    void aDeviceThatCannotBeUsedAfterAllIsLetGoOfWithItsFiles() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "this needs root");
        assumeTrue(Files.exists(Path.of("/dev/net/tun")), "this needs taps");
        TapQueues.Sending impossible = new TapQueues.Sending(WhenFull.DROP, Optional.of(0));
        attach(new TapQueues.Sending(WhenFull.DROP, Optional.empty())).close(); // what is opened once for all
        long before = descriptors();
        assertThatThrownBy(() -> attach(impossible)).hasMessageContaining("TUNSETSNDBUF");
        assertThat(descriptors()).isEqualTo(before);
        assertThat(Path.of("/sys/class/net/pbtq0")).doesNotExist();
    }

    private static TapQueues attach(TapQueues.Sending sending) {
        List<TapFile> files = List.of(TapFile.open("pbtq0", true), TapFile.open("pbtq0", true));
        try {
            return TapQueues.ofTap(files, RINGS, sending, () -> {});
        } catch (LinuxException e) {
            files.forEach(TapFile::close);
            throw e;
        }
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
