package io.patchbay.testbed.bench;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.linux.Affinity;
import io.patchbay.testbed.bench.Traffic.Pattern;
import io.patchbay.testbed.bench.Traffic.Shape;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/** How the cost of a frame grows with ports, addresses, length and queues: each shape against the smallest one, in turn. Run by testbed/bench/scale. */
final class ScaleBench {

    private static final Shape BASE = new Shape(2, 2, 64, Pattern.UNIFORM);
    private static final Set<String> OF_QUEUES = Set.of("queues", "any-queue");
    static final int SWITCH_PROCESSOR = 0;
    static final int GUEST_PROCESSOR = 1;

    /** Addresses that a switch has room for. */
    static final int TABLE = 131_072;

    private static final long WARM_UP_NANOS = 2_000_000_000L;

    private ScaleBench() {}

    /** @param arguments pairs, milliseconds of a block, then which series; a line of CSV per pair goes to standard output */
    public static void main(String[] arguments) throws Exception {
        int pairs = Integer.parseInt(arguments[0]);
        long nanos = Long.parseLong(arguments[1]) * 1_000_000;
        List<String> wanted = Arrays.asList(arguments).subList(2, arguments.length);
        Affinity.pinCurrentThread(GUEST_PROCESSOR);
        try (Load compiled = OwnSwitch.start(BASE, new MacTable(TABLE, 300), SWITCH_PROCESSOR)) {
            compiled.block(WARM_UP_NANOS);
        }
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        out.println("series,ports,macs,bytes,queues,pattern,base_ns,ns,ratio,lost");
        for (String series : wanted) {
            for (Shape shape : shapes(series)) {
                compare(series, shape, pairs, nanos, out);
            }
        }
    }

    private static List<Shape> shapes(String series) {
        List<Shape> shapes = new ArrayList<>();
        switch (series) {
            case "ports" -> {
                for (int ports : new int[] {2, 8, 32, 64}) {
                    shapes.add(new Shape(ports, 1024, 64, Pattern.UNIFORM));
                }
            }
            case "pairs" -> {
                for (int ports : new int[] {2, 8, 32, 64}) {
                    shapes.add(new Shape(ports, 1024, 64, Pattern.PAIRS));
                }
            }
            case "macs" -> {
                for (int macs : new int[] {10, 1000, 10_000, 100_000}) {
                    shapes.add(new Shape(2, macs, 64, Pattern.UNIFORM));
                }
            }
            case "bytes" -> {
                for (int bytes : new int[] {64, 128, 256, 512, 1024, 1500, 4000, 9000}) {
                    shapes.add(new Shape(2, 2, bytes, Pattern.UNIFORM));
                }
            }
            case "queues", "any-queue" -> {
                for (int queuePairs : new int[] {1, 2, 4, 8, 16}) {
                    Pattern who = series.equals("queues") ? Pattern.PAIRS : Pattern.UNIFORM;
                    shapes.add(new Shape(2, 2, 64, queuePairs, who));
                }
            }
            case "target" -> {
                shapes.add(new Shape(64, 100_000, 64, Pattern.UNIFORM));
                shapes.add(new Shape(64, 100_000, 64, Pattern.PAIRS));
            }
            default ->
                throw new IllegalArgumentException(
                        "no series " + series + "; there are ports, pairs, macs, bytes, queues, any-queue and target");
        }
        return shapes;
    }

    /** @param conversations whether two guests have conversations on their queue pairs */
    static Load start(Shape shape, boolean conversations) throws Exception {
        MacTable macs = new MacTable(TABLE, 300);
        return conversations
                ? Conversations.start(shape, macs, SWITCH_PROCESSOR)
                : OwnSwitch.start(shape, macs, SWITCH_PROCESSOR);
    }

    private static void compare(String series, Shape shape, int pairs, long nanos, PrintStream out) throws Exception {
        boolean conversations = OF_QUEUES.contains(series);
        try (Load base = start(BASE, conversations);
                Load other = start(shape, conversations)) {
            base.block(nanos);
            other.block(nanos);
            for (int pair = 0; pair < pairs; ) {
                Halves<Double> took = Halves.measure(pair, () -> base.block(nanos), () -> other.block(nanos));
                if (took.first() <= 0 || took.second() <= 0) {
                    continue; // a processor was away for most of a block: its single frames took longer than its rounds
                }
                pair++;
                out.printf(
                        "%s,%d,%d,%d,%d,%s,%.1f,%.1f,%.3f,%d%n",
                        series,
                        shape.ports(),
                        shape.macs(),
                        shape.bytes(),
                        shape.queuePairs(),
                        shape.pattern(),
                        took.first(),
                        took.second(),
                        Halves.ratio(took),
                        base.lost() + other.lost());
            }
        }
    }
}
