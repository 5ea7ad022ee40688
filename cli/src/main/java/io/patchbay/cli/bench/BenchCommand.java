package io.patchbay.cli.bench;

import io.patchbay.cli.bench.BenchReport.Rate;
import io.patchbay.cli.bench.BenchReport.RoundTrips;
import io.patchbay.cli.local.LocalSwitch;
import io.patchbay.core.control.Daemon;
import io.patchbay.core.control.DaemonException;
import io.patchbay.core.control.config.ConfigException;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.UnixSocket;
import io.patchbay.vhost.frontend.FrontEndSettings;
import io.patchbay.vhost.wire.Feature;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** {@code patchbay bench}: what this host's switch can do. */
@Command(
        name = "bench",
        description = "Measure rates and round trips between two built-in guests.",
        mixinStandardHelpOptions = true)
public final class BenchCommand implements Callable<Integer> {

    private static final int MIN_BYTES = 60;
    private static final int MAX_BYTES = 9018;
    private static final int LOOPS_BETWEEN_LOOKS = 64;
    private static final long LONGEST_NANOS = 10_000_000_000L;
    private static final int DIGITS = 3;
    private static final long PAUSE_NANOS = 2_000_000;
    private static final String AFTER_ANOTHER = "another";
    private static final String AFTER_PAUSE = "a pause";

    @Spec
    private @Nullable CommandSpec spec;

    @Option(
            names = "--sockets",
            split = ",",
            arity = "1",
            paramLabel = "SOCKET",
            description =
                    "Two vhost-user sockets of a running daemon, with a comma between; default: a switch of its own.")
    private List<String> sockets = List.of();

    @Option(
            names = "--sizes",
            split = ",",
            defaultValue = "64,1500",
            description = "Bytes of a frame, 60 to 9018; default: ${DEFAULT-VALUE}.")
    private List<Integer> sizes = List.of();

    @Option(names = "--seconds", defaultValue = "3", description = "Of each measurement; default: ${DEFAULT-VALUE}.")
    private int seconds = 3;

    @Option(names = "--warm-up", defaultValue = "2", description = "Seconds before each; default: ${DEFAULT-VALUE}.")
    private int warmUp = 2;

    @Option(
            names = "--pace",
            paramLabel = "RATE",
            description =
                    "Only send so many frames a second, 1 to 1000000, evenly and one way, and count what is lost.")
    private Optional<Integer> pace = Optional.empty();

    @Option(names = "--packed", description = "Packed virtqueues instead of split ones.")
    private boolean packed;

    @Option(names = "--json", description = "Print one line of JSON.")
    private boolean json;

    @Override
    public Integer call() throws ConfigException {
        check();
        try {
            BenchReport report = sockets.isEmpty() ? measureOwnSwitch() : measure(sockets.get(0), sockets.get(1));
            PrintWriter out = line().getOut();
            out.println(json ? JsonMapper.shared().writeValueAsString(report) : describe(report));
            if (out.checkError()
                    || System.out.checkError()) { // standard output swallows the error, and the writer does not see it
                throw new IOException("the output cannot be written");
            }
            return 0;
        } catch (IOException | LinuxException | DaemonException e) {
            line().getErr().println("patchbay: " + e.getMessage());
            return 1;
        }
    }

    private void check() {
        if (sockets.size() != 0 && sockets.size() != 2) {
            throw bad("--sockets takes two sockets, not " + sockets.size());
        }
        for (String socket : sockets) {
            int bytes = socket.getBytes(StandardCharsets.UTF_8).length;
            if (bytes == 0 || bytes > UnixSocket.MAX_PATH_BYTES) {
                throw bad("--sockets are paths of 1 to " + UnixSocket.MAX_PATH_BYTES + " bytes");
            }
        }
        if (sizes.stream().anyMatch(size -> size < MIN_BYTES || size > MAX_BYTES)) {
            throw bad("--sizes are " + MIN_BYTES + " to " + MAX_BYTES + " bytes");
        }
        if (pace.isPresent() && (pace.get() < 1 || pace.get() > 1_000_000)) {
            throw bad("--pace is 1 to 1000000 frames a second");
        }
        if (seconds < 1 || warmUp < 0) {
            throw bad("--seconds is at least 1, --warm-up at least 0");
        }
    }

    private ParameterException bad(String what) {
        return new ParameterException(line(), what);
    }

    private CommandLine line() {
        return Objects.requireNonNull(spec).commandLine();
    }

    private BenchReport measureOwnSwitch() throws IOException, ConfigException, DaemonException {
        try (LocalSwitch local = LocalSwitch.start(2)) {
            return measure(local.socket(0), local.socket(1));
        }
    }

    private BenchReport measure(String first, String second) throws IOException {
        List<Rate> rates = new ArrayList<>();
        List<RoundTrips> roundTrips = new ArrayList<>();
        try (BenchPair pair = BenchPair.connect(first, second, settings(), Collections.max(sizes))) {
            for (int size : sizes) {
                pair.useFramesOf(size);
                rates.add(pace.isPresent() ? paced(pair, size, pace.get()) : rate(pair, size));
                pair.forgetLost();
            }
            if (pace.isEmpty()) {
                pair.useFramesOf(sizes.getFirst());
                roundTrips(pair, AFTER_ANOTHER, 0, warmUp);
                roundTrips.add(roundTrips(pair, AFTER_ANOTHER, 0, seconds));
                roundTrips.add(roundTrips(pair, AFTER_PAUSE, PAUSE_NANOS, seconds));
            }
        }
        return new BenchReport(
                Daemon.VERSION,
                packed ? "packed" : "split",
                Runtime.getRuntime().availableProcessors(),
                rates,
                roundTrips);
    }

    private Rate paced(BenchPair pair, int size, int framesPerSecond) {
        long gap = 1_000_000_000L / framesPerSecond;
        long before = pair.received();
        long start = System.nanoTime();
        long frames = (long) seconds * framesPerSecond;
        for (long n = 1; n <= frames; n++) {
            pair.sendOneWay();
            while (System.nanoTime() - start < n * gap) {
                pair.take();
                Thread.onSpinWait();
            }
        }
        long nanos = System.nanoTime() - start;
        pair.drain();
        return Rate.of(size, pair.received() - before, nanos, pair.lost());
    }

    private FrontEndSettings settings() {
        return packed ? FrontEndSettings.MODERN.with(Feature.VIRTIO_F_RING_PACKED) : FrontEndSettings.MODERN;
    }

    private Rate rate(BenchPair pair, int size) {
        exchange(pair, warmUp);
        long before = pair.received();
        long nanos = exchange(pair, seconds);
        long frames = pair.received() - before;
        pair.drain();
        return Rate.of(size, frames, nanos, pair.lost());
    }

    private static long exchange(BenchPair pair, int seconds) {
        long start = System.nanoTime();
        long now = start;
        while (now - start < seconds * 1_000_000_000L) {
            for (int i = 0; i < LOOPS_BETWEEN_LOOKS; i++) {
                pair.exchange();
            }
            now = System.nanoTime();
        }
        return now - start;
    }

    private static RoundTrips roundTrips(BenchPair pair, String after, long pauseNanos, int seconds) {
        Histogram histogram = new Histogram(LONGEST_NANOS, DIGITS);
        long lost = 0;
        long end = System.nanoTime() + seconds * 1_000_000_000L;
        while (System.nanoTime() < end) {
            if (pauseNanos > 0) {
                LockSupport.parkNanos(pauseNanos);
            }
            long nanos = pair.roundTrip();
            if (nanos < 0) {
                lost++;
            } else {
                histogram.recordValue(nanos);
            }
        }
        return RoundTrips.of(after, histogram, lost);
    }

    private static String describe(BenchReport report) {
        StringBuilder text = new StringBuilder();
        text.append(String.format(
                "patchbay bench %s: %s virtqueues, %d processors%n",
                report.version(), report.layout(), report.processors()));
        for (Rate rate : report.rates()) {
            text.append(String.format(
                    "%5d bytes   %,12d frames/s   %7.2f Gbit/s   %d lost%n",
                    rate.frameBytes(), rate.framesPerSecond(), rate.gigabitsPerSecond(), rate.lost()));
        }
        for (RoundTrips trips : report.roundTrips()) {
            text.append(String.format(
                    "round trip after %-8s %,9d   p50 %6.1f µs   p99 %6.1f µs   p99.9 %6.1f µs   max %8.1f µs   %d lost%n",
                    trips.after(),
                    trips.count(),
                    trips.p50Nanos() / 1e3,
                    trips.p99Nanos() / 1e3,
                    trips.p999Nanos() / 1e3,
                    trips.maxNanos() / 1e3,
                    trips.lost()));
        }
        return text.toString().stripTrailing();
    }
}
