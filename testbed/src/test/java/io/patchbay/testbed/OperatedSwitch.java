package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.control.Daemon;
import io.patchbay.core.control.Totals;
import io.patchbay.core.control.config.ConfigReader;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/** A daemon in this process with ports vm0 and vm1, and guests that can be plugged in and drop frames for every reason a guest can cause. */
final class OperatedSwitch implements AutoCloseable {

    private final Path directory = Files.createTempDirectory("pbo");
    private final List<FrontEnd> guests = new ArrayList<>();
    private final Daemon daemon;

    OperatedSwitch() throws Exception {
        daemon = Daemon.start(
                ConfigReader.ofInstalledKinds().parse(config(directory, "127.0.0.1:0"), "the test's configuration"),
                Optional.empty());
    }

    static String config(Path directory, String metrics) {
        return """
                {"switch": {"adminSocket": "%1$s/admin.sock", "stateDirectory": "off", "metricsAddress": "%2$s"},
                 "ports": [{"name": "vm0", "type": "vhost-user", "socket": "%1$s/vm0.sock"},
                           {"name": "vm1", "type": "vhost-user", "socket": "%1$s/vm1.sock"}]}
                """.formatted(directory, metrics);
    }

    Path adminSocket() {
        return directory.resolve("admin.sock");
    }

    String socket(int port) {
        return directory.resolve("vm" + port + ".sock").toString();
    }

    UnixDomainSocketAddress admin() {
        return UnixDomainSocketAddress.of(adminSocket());
    }

    InetSocketAddress metrics() {
        return (InetSocketAddress) daemon.metricsAddress().orElseThrow();
    }

    Daemon daemon() {
        return daemon;
    }

    FrontEnd plugIn(int port) throws IOException {
        FrontEnd guest = FrontEnd.connect(socket(port), FrontEndSettings.MODERN, 2048);
        guests.add(guest);
        return guest;
    }

    static byte[] frame(String destination, String source) {
        byte[] frame = new byte[60];
        HexFormat hex = HexFormat.ofDelimiter(":");
        System.arraycopy(hex.parseHex(destination), 0, frame, 0, 6);
        System.arraycopy(hex.parseHex(source), 0, frame, 6, 6);
        frame[12] = (byte) 0x88;
        frame[13] = (byte) 0xb5;
        return frame;
    }

    /** Waits until the switch has accounted for as many received frames. */
    void awaitReceived(long frames) throws InterruptedException {
        await(totals -> totals.received() == frames && totals.balance());
    }

    /** Waits until so many frames that the switch made itself are accounted for. */
    void awaitInjected(long frames) throws InterruptedException {
        await(totals -> totals.injected() == frames && totals.balance());
    }

    private void await(Predicate<Totals> condition) throws InterruptedException {
        for (int tries = 0; tries < 500 && !condition.test(daemon.totals()); tries++) {
            Thread.sleep(10);
        }
        assertThat(daemon.totals()).matches(condition);
    }

    @Override
    public void close() throws IOException {
        guests.forEach(FrontEnd::close);
        daemon.close();
        Files.delete(directory); // fails if the daemon left anything
    }
}
