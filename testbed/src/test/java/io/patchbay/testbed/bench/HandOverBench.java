package io.patchbay.testbed.bench;

import io.patchbay.core.forward.MacTable;
import io.patchbay.core.linux.Affinity;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What chunks of frames cost a worker, step by step, and what more to deliver them costs if another worker delivered to the same receiver before. Run by
 * {@code testbed/bench/in-process HandOverBench}; what it prints is what {@code testbed/bench/workers-model} is fed with.
 *
 * <p>There are no workers: this thread does what one does, and a thread on the other processor does what the other one does, and before each of these
 * what the guests do. So the guests' memory is with the other processor in any case, and whose turn it was before is all that differs.
 */
final class HandOverBench implements AutoCloseable {

    private static final int[] CHUNKS = {1, 2, 4, 8, 16, 32, 64};
    private static final int BYTES = 64;
    private static final int SAMPLES = 2_000;
    private static final int WARM_UP = 30_000;
    private static final int OWN_PROCESSOR = 0;
    private static final int OTHER_PROCESSOR = 1;
    private static final int RECEIVER = 2;

    private final OtherProcessor guests = new OtherProcessor(OTHER_PROCESSOR);
    private final BarePort receiver;
    private final Pass own;
    private final Pass other;
    private final long clock = clockNanos();

    private HandOverBench(Path directory) throws Exception {
        FrontEndSettings settings = FrontEndSettings.MODERN.withSizes(256, 128);
        MacTable macs = new MacTable(64, 300);
        receiver = BarePort.start(directory, "receiver", settings, BYTES);
        macs.learn(Traffic.address(RECEIVER), RECEIVER);
        own = new Pass(0, BarePort.start(directory, "sender", settings, BYTES), RECEIVER, receiver, macs);
        other = new Pass(1, BarePort.start(directory, "other-sender", settings, BYTES), RECEIVER, receiver, macs);
    }

    /** @param arguments how many times; a line of CSV for each and for each size of chunks goes to standard output, nanoseconds a chunk */
    public static void main(String[] arguments) throws Exception {
        int times = Integer.parseInt(arguments[0]);
        Affinity.pinCurrentThread(OWN_PROCESSOR);
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Path directory = Files.createTempDirectory("patchbay");
        try (HandOverBench bench = new HandOverBench(directory)) {
            for (int chunk : CHUNKS) {
                bench.measure(chunk, WARM_UP);
            }
            out.println("answer_ns,frames,take_in_ns,deliver_own_ns,deliver_other_ns,give_back_ns");
            for (int i = 0; i < times; i++) {
                for (int chunk : CHUNKS) {
                    long answer = bench.guests.answerNanos();
                    out.println(answer + "," + bench.measure(chunk, SAMPLES));
                }
            }
        } finally {
            Files.delete(directory);
        }
    }

    private String measure(int chunk, int samples) {
        long[] in = new long[samples];
        long[] back = new long[samples];
        long[] afterOwn = new long[samples];
        long[] afterOther = new long[samples];
        for (int i = 0; i < samples; i++) {
            exchange(own, chunk);
            guests.run(() -> guestsGoOn(own, chunk));
            own.run();
            afterOwn[i] = own.deliverNanos();
            in[i] = own.takeInNanos();
            back[i] = own.giveBackNanos();
            guests.run(() -> {
                guestsGoOn(other, chunk);
                other.run();
                guestsGoOn(own, chunk);
            });
            own.run();
            afterOther[i] = own.deliverNanos();
            guests.run(() -> own.receive(chunk));
        }
        return "%d,%d,%d,%d,%d".formatted(chunk, median(in), median(afterOwn), median(afterOther), median(back));
    }

    private void exchange(Pass pass, int chunk) {
        guests.run(() -> pass.send(chunk));
        pass.run();
    }

    /** What was sent before is received, and more is sent. */
    private void guestsGoOn(Pass next, int chunk) {
        next.receive(chunk);
        next.send(chunk);
    }

    private long median(long[] nanos) {
        return Math.max(0, Rounds.median(nanos, nanos.length) - clock);
    }

    /** What is measured if nothing is. */
    private static long clockNanos() {
        long[] nothing = new long[100_000];
        for (int i = 0; i < nothing.length; i++) {
            long start = System.nanoTime();
            nothing[i] = System.nanoTime() - start;
        }
        return Rounds.median(nothing, nothing.length);
    }

    @Override
    public void close() throws Exception {
        guests.close();
        own.close();
        other.close();
        receiver.close();
    }
}
