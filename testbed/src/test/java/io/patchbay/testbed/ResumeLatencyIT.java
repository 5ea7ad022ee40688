package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code resumeLatencyMicros}, as the kernel understands it: the device can be read, and gives what holds at the moment. */
class ResumeLatencyIT {

    private static final String DEVICE = "/dev/cpu_dma_latency";
    private static final int MICROS = 7;

    @TempDir
    private Path directory;

    @BeforeEach
    void peers() throws Exception {
        Peers.needRoot();
        Peers.needPrograms("unshare");
        Peers.needDevice(DEVICE);
        Peers.need(inForce() > MICROS, "something else asks the kernel for as little, or less");
    }

    /** What the kernel makes its processors keep to. */
    private static int inForce() throws Exception {
        return Integer.parseInt(Shell.run("od -An -t d4 -N 4 " + DEVICE).strip());
    }

    private PatchbayProcess run(String... wrapper) throws Exception {
        Path config = Files.writeString(directory.resolve("patchbay.json"), """
                {"switch": {"adminSocket": "%1$s/admin.sock", "stateDirectory": "off", "metricsAddress": "off",
                            "warmUpMillis": 0, "resumeLatencyMicros": %2$d},
                 "ports": [{"name": "vm", "type": "vhost-user", "socket": "%1$s/vm.sock"}]}
                """.formatted(directory, MICROS));
        return PatchbayProcess.start(List.of(wrapper), List.of("run", "--config", config.toString()));
    }

    @Test
    void theKernelKeepsToItForAsLongAsTheDaemonRuns() throws Exception {
        try (PatchbayProcess daemon = run()) {
            daemon.awaitLog("serves 1 ports");
            assertThat(inForce()).isEqualTo(MICROS);

            daemon.terminate();

            assertThat(daemon.awaitExit()).as(daemon.errors()).isZero();
            assertThat(inForce()).isGreaterThan(MICROS);
        }
    }

    @Test
    void theKernelForgetsItWhenTheDaemonIsKilled() throws Exception {
        try (PatchbayProcess daemon = run()) {
            daemon.awaitLog("serves 1 ports");
            assertThat(inForce()).isEqualTo(MICROS);

            daemon.kill();

            assertThat(inForce()).isGreaterThan(MICROS);
        }
    }

    @Test
    void aDaemonThatMayNotAskForItSaysSoAndDoesNotStart() throws Exception {
        String withoutDevice = "mount --bind %1$s %1$s && mount -o remount,bind,nodev %1$s && exec \"$@\"";
        try (PatchbayProcess daemon = run("unshare", "-m", "bash", "-c", withoutDevice.formatted(DEVICE), "bash")) {
            assertThat(daemon.awaitExit()).isEqualTo(1);
            assertThat(daemon.errors())
                    .contains("$.switch.resumeLatencyMicros: open " + DEVICE + ": permission denied (EACCES)");
            assertThat(directory.resolve("vm.sock")).doesNotExist();
        }
    }
}
