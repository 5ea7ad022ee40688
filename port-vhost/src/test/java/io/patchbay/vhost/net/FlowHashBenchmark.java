package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HexFormat;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Which conversation each frame of a burst belongs to. Run by testbed/bench/micro. */
@State(Scope.Thread)
public class FlowHashBenchmark {

    private static final String MACS = "020000000002" + "020000000001";
    private static final String UDP = "1f900050" + "00180000" + "00".repeat(16);

    /** What a frame carries. */
    public enum Packet {
        IPV4("0800" + "4500002c" + "00004000" + "40110000" + "0a0000010a000002"),
        IPV6("86dd" + "60000000" + "00181140" + "20010db8".repeat(4) + "20010db9".repeat(4)),
        TAGGED_IPV6("81000064" + "86dd" + "60000000" + "00181140" + "20010db8".repeat(4) + "20010db9".repeat(4));

        private final byte[] frame;

        Packet(String headers) {
            frame = HexFormat.of().parseHex(MACS + headers + UDP);
        }
    }

    @Param
    public Packet packet = Packet.IPV4;

    private final Burst burst = new Burst();

    @Setup
    public void fill() {
        int bytes = packet.frame.length;
        MemorySegment memory = Arena.global().allocate((long) Burst.CAPACITY * bytes, 64);
        for (long at = 0; at < memory.byteSize(); at += bytes) {
            MemorySegment.copy(packet.frame, 0, memory, ValueLayout.JAVA_BYTE, at, bytes);
            burst.addSegment(memory, at + Burst.HEAD_BYTES, bytes - Burst.HEAD_BYTES);
            ValueLayout.OfLong word = ValueLayout.JAVA_LONG_UNALIGNED;
            burst.endFrame(memory.get(word, at), memory.get(word, at + Long.BYTES), bytes);
        }
    }

    @Benchmark
    @OperationsPerInvocation(Burst.CAPACITY)
    public int[] all() {
        FlowHash.ofAll(burst, burst.flows());
        return burst.flows();
    }

    @Benchmark
    @OperationsPerInvocation(Burst.CAPACITY)
    public int each() {
        int all = 0;
        for (int i = 0; i < Burst.CAPACITY; i++) {
            all += FlowHash.of(burst, i);
        }
        return all;
    }
}
