package io.patchbay.rawsock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.patchbay.core.port.PortContext;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.UplinkDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** On one end of a cable whose index no other interface has, nor gets. */
class BoundInterfaceTest {

    private static final String DEVICE = "pbbi0";

    @BeforeEach
    void layCable() throws Exception {
        assumeTrue("root".equals(System.getProperty("user.name")), "this needs root");
        cut();
        assumeTrue(
                run("ip link add " + DEVICE + " index 19061 type veth peer name pbbi1 && ip link set " + DEVICE
                        + " up && ip link set pbbi1 up && ip netns add pbbi"),
                "this needs ip(8), and a kernel that has cables");
    }

    @AfterEach
    void cut() throws Exception {
        boolean _ = run("ip link del pbbi1; ip netns del pbbi");
    }

    private static boolean run(String command) throws IOException, InterruptedException {
        return new ProcessBuilder("sh", "-c", command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                        .start()
                        .waitFor()
                == 0;
    }

    private static UplinkDevice device(String mode) {
        RawSocketSettings settings = RawSocketPortTest.settings(DEVICE, mode, Optional.empty(), Optional.empty());
        return settings.isXdp() ? new XdpDevice(settings) : new RawSocketDevice(settings);
    }

    @ParameterizedTest
    @ValueSource(strings = {"packet", "xdp"})
    void anInterfaceThatWasAwayAndIsBackUnderItsNumberIsNotTheOneTheSocketsAreOn(String mode) throws Exception {
        try (UplinkDevice.Attachment attachment = device(mode).attach(new Place(), true, () -> {})) {
            assertThat(attachment.isThere()).isTrue();
            assertThat(run("ip link set " + DEVICE + " netns pbbi && ip -n pbbi link set " + DEVICE
                            + " netns 1 && ip link set " + DEVICE + " up"))
                    .isTrue();
            assertThat(device(mode).look())
                    .hasValueSatisfying(link -> assertThat(link.index()).isEqualTo(19061));
            assertThat(attachment.isThere()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"packet", "xdp"})
    void anInterfaceThatCannotBeUsedAfterAllLeavesNoSocketBehind(String mode) throws Exception {
        PortContext full = new Place() {

            @Override
            public PortCounters counters() {
                throw new IllegalStateException("no place to count");
            }
        };
        UplinkDevice device = device(mode);
        device.attach(new Place(), true, () -> {}).close(); // what is opened once for all
        long before = descriptors();
        assertThatThrownBy(() -> device.attach(full, true, () -> {})).hasMessage("no place to count");
        assertThat(descriptors()).isEqualTo(before);
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
