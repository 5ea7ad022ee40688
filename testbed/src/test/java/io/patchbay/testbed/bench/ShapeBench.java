package io.patchbay.testbed.bench;

import io.patchbay.core.linux.Affinity;
import io.patchbay.testbed.bench.Traffic.Pattern;
import io.patchbay.testbed.bench.Traffic.Shape;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/**
 * One shape of traffic, measured whenever it is asked for: so that several checkouts, or switches, can be measured in turn. Run by
 * testbed/bench/shape-in-turn and testbed/bench/many-guests.
 */
final class ShapeBench {

    private ShapeBench() {}

    /**
     * @param arguments ports, addresses, bytes, the pattern, and of how many queue pairs guests have conversations, or 0 if they have none; if the switch
     *     is one that runs already, the folder of its sockets vm0.sock, vm1.sock and so on. Each line of standard input is for how many milliseconds to
     *     measure, and is answered by nanoseconds per frame, and by how many frames have been lost so far
     */
    public static void main(String[] arguments) throws Exception {
        int queues = Integer.parseInt(arguments[4]);
        Shape shape = new Shape(
                Integer.parseInt(arguments[0]),
                Integer.parseInt(arguments[1]),
                Integer.parseInt(arguments[2]),
                Math.max(1, queues),
                Pattern.valueOf(arguments[3]));
        Affinity.pinCurrentThread(ScaleBench.GUEST_PROCESSOR);
        try (Load load = arguments.length > 5 ? guestsOf(arguments[5], shape) : ScaleBench.start(shape, queues > 0)) {
            answer(load);
        }
    }

    private static Load guestsOf(String directory, Shape shape) throws IOException {
        Traffic guests =
                Traffic.connect(shape, FrontEndSettings.MODERN.features(), port -> directory + "/vm" + port + ".sock");
        guests.meetAll();
        return guests;
    }

    private static void answer(Load load) throws IOException {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            double nanos = load.block(Long.parseLong(line) * 1_000_000);
            out.printf("%.2f %d%n", nanos, load.lost());
        }
    }
}
