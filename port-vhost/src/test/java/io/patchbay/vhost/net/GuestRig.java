package io.patchbay.vhost.net;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.port.PortCounters;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.core.worker.IdlePolicy;
import io.patchbay.core.worker.Switchboard;
import io.patchbay.core.worker.Waiters;
import io.patchbay.core.worker.WorkerSettings;
import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Function;

/** A switch with two vhost-user ports, for front ends to connect to. */
final class GuestRig implements AutoCloseable {

    static final int PORTS = 2;
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final Path directory;
    private final Switchboard board;
    private final List<VhostPort> ports = new ArrayList<>();
    private final List<Switchboard.Attachment> attachments = new ArrayList<>();
    private final List<PortCounters> counters = new ArrayList<>();
    private final List<FrontEnd> frontEnds = new ArrayList<>();

    GuestRig(IdlePolicy idle, Waiters waiter) throws Exception {
        this(idle, waiter, 1, PORTS, VhostSettings::at);
    }

    /** @param settings of a port by its socket's path */
    GuestRig(IdlePolicy idle, Waiters waiter, int workers, Function<String, VhostSettings> settingsOf)
            throws Exception {
        this(idle, waiter, workers, PORTS, settingsOf);
    }

    private GuestRig(
            IdlePolicy idle, Waiters waiter, int workers, int portCount, Function<String, VhostSettings> settingsOf)
            throws Exception {
        directory = Files.createTempDirectory("pbrig");
        WorkerSettings settings = new WorkerSettings(
                idle, OptionalInt.empty(), WorkerSettings.DEFAULT_FRAME_BUDGET, WorkerSettings.DEFAULT_BYTE_BUDGET);
        board = Switchboard.start(Collections.nCopies(workers, settings), waiter.factory(), new MacTable(1000, 300));
        for (int i = 0; i < portCount; i++) {
            VhostPort port = new VhostPort("vm" + i, settingsOf.apply(socket(i)));
            counters.add(new PortCounters());
            attachments.add(board.attach("vm" + i, port, counters.get(i)));
            ports.add(port);
            port.start(attachments.get(i));
        }
    }

    static GuestRig adaptive() throws Exception {
        return new GuestRig(new IdlePolicy.Adaptive(Duration.ofNanos(20_000)), Waiters.AUTO);
    }

    /** @param settings of a port by its socket's path */
    static GuestRig adaptive(Function<String, VhostSettings> settings) throws Exception {
        return new GuestRig(new IdlePolicy.Adaptive(Duration.ofNanos(20_000)), Waiters.AUTO, 1, PORTS, settings);
    }

    /** A switch with more ports than two. */
    static GuestRig adaptive(int ports) throws Exception {
        return new GuestRig(
                new IdlePolicy.Adaptive(Duration.ofNanos(20_000)), Waiters.AUTO, 1, ports, VhostSettings::at);
    }

    /** A switch whose worker sleeps whenever there is nothing to do. */
    static GuestRig sleepy(int ports) throws Exception {
        return new GuestRig(new IdlePolicy.Sleepy(), Waiters.AUTO, 1, ports, VhostSettings::at);
    }

    String socket(int port) {
        return directory.resolve("vm" + port + ".sock").toString();
    }

    FrontEnd connect(int port, FrontEndSettings settings) throws Exception {
        FrontEnd frontEnd = FrontEnd.connect(socket(port), settings, 10_000);
        frontEnds.add(frontEnd);
        return frontEnd;
    }

    /** Closes a port and starts another in its place, as a restart of the daemon does. */
    void restart(int index) throws Exception {
        ports.get(index).close();
        VhostPort port = new VhostPort("vm" + index, VhostSettings.at(socket(index)));
        ports.set(index, port);
        port.start(attachments.get(index));
    }

    VhostPort port(int index) {
        return ports.get(index);
    }

    QueueCounters received(int port) {
        return counters.get(port).receive(0);
    }

    QueueCounters delivered(int port) {
        return counters.get(port).transmit(0);
    }

    Switchboard board() {
        return board;
    }

    /** Waits for the next frame. */
    static byte[] await(FrontEnd frontEnd) {
        List<byte[]> got = new ArrayList<>();
        awaitThat("a frame arrives", () -> {
            Optional<byte[]> frame = frontEnd.receive();
            frame.ifPresent(got::add);
            return frame.isPresent();
        });
        return got.getFirst();
    }

    static void awaitThat(String what, BooleanSupplier condition) {
        long end = System.nanoTime() + PATIENCE.toNanos();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as(what).isLessThan(end);
            Thread.yield();
        }
    }

    /** received + flood copies = delivered + dropped, once the switch has come to rest. */
    void assertTheSumsBalance() {
        awaitThat("the sums balance", () -> {
            long in = 0;
            long out = 0;
            for (PortCounters port : counters) {
                for (QueueCounters q : port.receive()) {
                    in += q.get(QueueCounters.Count.FRAMES) + q.get(QueueCounters.Count.FLOOD_COPIES);
                    out += q.dropped();
                }
                for (QueueCounters q : port.transmit()) {
                    out += q.get(QueueCounters.Count.FRAMES) + q.dropped();
                }
            }
            return in == out;
        });
    }

    @Override
    public void close() throws Exception {
        frontEnds.forEach(FrontEnd::close);
        ports.forEach(VhostPort::close);
        attachments.forEach(Switchboard.Attachment::close);
        board.close();
        Files.delete(directory);
    }
}
