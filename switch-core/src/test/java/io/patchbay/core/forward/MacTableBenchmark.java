package io.patchbay.core.forward;

import java.util.Random;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Learning and looking up, in random order, so that a large table misses the caches as it does under uniform traffic. Run by testbed/bench/micro. */
@State(Scope.Thread)
public class MacTableBenchmark {

    private static final int BATCH = 1 << 17; // as many as the largest table has, lest a few of them stay in the caches
    private static final long LOCAL = 0x0200_0000_0000L;
    private static final int PORTS = 64;

    /** Addresses in the table, which has room for a quarter more. */
    @Param({"1000", "100000"})
    public int entries;

    private MacTable table = new MacTable(1, 300);
    private final long[] known = new long[BATCH];
    private final long[] unknown = new long[BATCH];
    private final int[] port = new int[BATCH];
    private long[] all = new long[0];

    @Setup(Level.Trial)
    public void learnAll() {
        Random random = new Random(1);
        table = new MacTable(entries + entries / 4, 300);
        all = random.longs(entries, 0, 1L << 40).map(n -> LOCAL | n).toArray();
        for (int i = 0; i < entries; i++) {
            table.learn(all[i], i % PORTS);
        }
    }

    @Setup(Level.Iteration)
    public void choose() {
        Random random = new Random();
        for (int i = 0; i < BATCH; i++) {
            int n = random.nextInt(entries);
            known[i] = all[n];
            port[i] = n % PORTS;
            unknown[i] = LOCAL | 1L << 40 | random.nextLong(1L << 40);
        }
    }

    /** The source of every frame from a station that stays where it is. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void learnKnown() {
        for (int i = 0; i < BATCH; i++) {
            table.learn(known[i], port[i]);
        }
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int lookUpKnown() {
        int sum = 0;
        for (int i = 0; i < BATCH; i++) {
            sum += table.lookup(known[i]);
        }
        return sum;
    }

    @Benchmark
    @OperationsPerInvocation(BATCH)
    public int lookUpUnknown() {
        int sum = 0;
        for (int i = 0; i < BATCH; i++) {
            sum += table.lookup(unknown[i]);
        }
        return sum;
    }

    /** Every address appears on another port than before, under the lock. */
    @Benchmark
    @OperationsPerInvocation(BATCH)
    public void move() {
        for (int i = 0; i < BATCH; i++) {
            port[i] = (port[i] + 1) % PORTS;
            table.learn(known[i], port[i]);
        }
    }
}
