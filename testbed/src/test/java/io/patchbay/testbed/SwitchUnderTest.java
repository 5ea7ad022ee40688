package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.control.Daemon;
import io.patchbay.core.control.Totals;
import io.patchbay.core.control.config.ConfigReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** A whole daemon in a directory of its own. */
final class SwitchUnderTest implements AutoCloseable {

    /** Stands for the switch's own directory in a port's configuration. */
    private static final String DIRECTORY = "%directory%";

    private final Path directory;
    private final Daemon daemon;

    private SwitchUnderTest(Path directory, Daemon daemon) {
        this.directory = directory;
        this.daemon = daemon;
    }

    /**
     * Starts a switch.
     *
     * @param guests number of vhost-user ports, with sockets vm0, vm1, ...
     * @param taps names of tap devices, a port for each
     */
    static SwitchUnderTest start(int guests, List<String> taps, String idle) throws Exception {
        List<String> ports = new ArrayList<>();
        for (int i = 0; i < guests; i++) {
            ports.add(guestPort(i));
        }
        for (String tap : taps) {
            ports.add("{\"name\":\"%s\",\"type\":\"tap\",\"device\":\"%s\"}".formatted(tap, tap));
        }
        return start(ports, idle);
    }

    /** Starts a switch with ports as they stand in a configuration. */
    static SwitchUnderTest start(List<String> ports, String idle) throws Exception {
        return start(ports, idle, 1);
    }

    /** The same with several workers. */
    static SwitchUnderTest start(List<String> ports, String idle, int workers) throws Exception {
        Path directory = Files.createTempDirectory("pbt");
        String config =
                "{\"switch\":{\"adminSocket\":\"%s/admin.sock\",\"stateDirectory\":\"off\",\"metricsAddress\":\"off\",\"idle\":\"%s\",\"workers\":[%s]},\"ports\":[%s]}"
                        .formatted(
                                directory,
                                idle,
                                String.join(",", Collections.nCopies(workers, "{}")),
                                String.join(",", ports).replace(DIRECTORY, directory.toString()));
        return new SwitchUnderTest(
                directory,
                Daemon.start(
                        ConfigReader.ofInstalledKinds().parse(config, "the test's configuration"), Optional.empty()));
    }

    /** A vhost-user port in a configuration: named vm0, vm1, ..., with a socket that {@link #socket} knows. */
    static String guestPort(int guest) {
        return "{\"name\":\"vm%d\",\"type\":\"vhost-user\",\"socket\":\"%s/vm%d.sock\"}"
                .formatted(guest, DIRECTORY, guest);
    }

    String socket(int guest) {
        return directory.resolve("vm" + guest + ".sock").toString();
    }

    Totals totals() {
        return daemon.totals();
    }

    /** What the admin API answers, over its socket. */
    JsonNode ask(String path) throws IOException {
        return ask("GET", path);
    }

    /** Shuts a port ({@code down}) or opens it ({@code up}). */
    void setAdmin(String port, String state) throws IOException {
        assertThat(ask("PATCH", "/v1/ports/" + port + "?admin=" + state)
                        .get("admin")
                        .stringValue())
                .isEqualTo(state);
    }

    private JsonNode ask(String method, String path) throws IOException {
        Http.Response answer = Http.ask(UnixDomainSocketAddress.of(directory.resolve("admin.sock")), method, path);
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        return JsonMapper.shared().readTree(answer.body());
    }

    /** How many frames a port has dropped for a reason, in either direction. */
    long dropped(String port, String reason) throws IOException {
        long frames = 0;
        for (JsonNode line : ask("/v1/drops")) {
            if (line.get("port").stringValue().equals(port)
                    && line.get("reason").stringValue().equals(reason)) {
                frames += line.get("frames").longValue();
            }
        }
        return frames;
    }

    /** Turns that the first worker makes in the next 300 ms: a sleeping one makes none. */
    long turnsInAMoment() throws IOException, InterruptedException {
        long before = turns();
        TimeUnit.MILLISECONDS.sleep(300);
        return turns() - before;
    }

    private long turns() throws IOException {
        JsonNode counters = ask("/v1/workers").get(0).get("counters");
        return counters.get("idle_turns").longValue()
                + counters.get("busy_turns").longValue();
    }

    /** How a port stands: "up: ..." or "down: ...", with the reason. */
    String status(String port) throws IOException {
        JsonNode detail = ask("/v1/ports/" + port);
        return detail.get("state").stringValue() + ": " + detail.get("reason").stringValue();
    }

    /** Waits until a port stands as told: the beginning of {@link #status}. */
    void awaitStatus(String port, String start) throws IOException, InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (!status(port).startsWith(start)) {
            if (System.nanoTime() > end) {
                throw new AssertionError(port + " should be " + start + ", but is " + status(port));
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /** Waits until so many frames were received and all of them have gone their ways. */
    void awaitReceived(long frames) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        Totals totals = totals();
        while (totals.received() < frames || !totals.balance()) {
            if (System.nanoTime() > end) {
                throw new AssertionError(frames + " frames should have been received, but " + totals);
            }
            TimeUnit.MICROSECONDS.sleep(200);
            totals = totals();
        }
    }

    @Override
    public void close() throws Exception {
        daemon.close();
        Files.delete(directory);
    }
}
