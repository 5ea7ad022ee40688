package io.patchbay.testbed.bench;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.linux.Affinity;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;

/**
 * What the steps of a full burst's way cost in instructions: guests and worker are one thread, so that no line is anywhere else. Run by
 * {@code testbed/bench/in-process StepsBench}; it differs by two or three in a hundred from start to start, where rates between processors differ by a factor.
 */
final class StepsBench implements AutoCloseable {

    private static final int PROCESSOR = 1;
    private static final int BYTES = 64;
    private static final int BURST = 64;
    private static final int RECEIVER = 2;
    private static final int SAMPLES = 40_000;

    private final BarePort receiver;
    private final Pass pass;

    private StepsBench(Path directory, Driver driver) throws Exception {
        FrontEndSettings settings = driver.settings().withSizes(256, 128);
        MacTable macs = new MacTable(64, 300);
        macs.learn(Traffic.address(RECEIVER), RECEIVER);
        receiver = BarePort.start(directory, driver.name() + "-receiver", settings, BYTES);
        pass = new Pass(
                0, BarePort.start(directory, driver.name() + "-sender", settings, BYTES), RECEIVER, receiver, macs);
    }

    /** @param arguments how many times; a line of CSV for each and for each driver goes to standard output, nanoseconds a burst */
    public static void main(String[] arguments) throws Exception {
        int times = Integer.parseInt(arguments[0]);
        Affinity.pinCurrentThread(PROCESSOR);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Path directory = Files.createTempDirectory("patchbay");
        Map<Driver, StepsBench> benches = new EnumMap<>(Driver.class);
        try {
            for (Driver driver : Driver.values()) {
                benches.put(driver, new StepsBench(directory, driver));
            }
            benches.values().forEach(StepsBench::measure); // until it is compiled, for all drivers
            out.println("driver,take_in_ns,deliver_ns,give_back_ns,ns_a_frame");
            for (int i = 0; i < times; i++) {
                benches.forEach((driver, bench) -> out.println(driver.name() + "," + bench.measure()));
            }
        } finally {
            for (StepsBench bench : benches.values()) {
                bench.close();
            }
            Files.delete(directory);
        }
    }

    private String measure() {
        long[] in = new long[SAMPLES];
        long[] deliver = new long[SAMPLES];
        long[] back = new long[SAMPLES];
        for (int i = 0; i < SAMPLES; i++) {
            pass.send(BURST);
            pass.run();
            pass.receive(BURST);
            in[i] = pass.takeInNanos();
            deliver[i] = pass.deliverNanos();
            back[i] = pass.giveBackNanos();
        }
        long[] medians = {Rounds.median(in, SAMPLES), Rounds.median(deliver, SAMPLES), Rounds.median(back, SAMPLES)};
        long sum = medians[0] + medians[1] + medians[2];
        return "%d,%d,%d,%.1f".formatted(medians[0], medians[1], medians[2], sum / (double) BURST);
    }

    @Override
    public void close() {
        pass.close();
        receiver.close();
    }
}
