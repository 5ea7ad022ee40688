package io.patchbay.cli.local;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * The Ethernet header of frames that built-in guests exchange.
 *
 * <pre>
 *   0             6         12     14
 *  +-------------+---------+------+
 *  | destination | source  | 88b5 |   the EtherType is for local experiments (IEEE 802)
 *  +-------------+---------+------+
 * </pre>
 */
public final class ExperimentalHeader {

    public static final int BYTES = 14;

    private static final int ADDRESS_BYTES = 6;
    private static final int TYPE = 12;
    private static final short EXPERIMENTAL = (short) 0x88b5;
    private static final long ADDRESS_MASK = 0xffff_ffff_ffffL;

    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private ExperimentalHeader() {}

    public static void write(MemorySegment memory, long at, long destination, long source) {
        memory.set(U64, at, destination << 16 | source >>> 32);
        memory.set(U32, at + Long.BYTES, (int) source);
        memory.set(U16, at + TYPE, EXPERIMENTAL);
    }

    public static long destination(MemorySegment memory, long at) {
        return memory.get(U64, at) >>> 16;
    }

    public static long source(MemorySegment memory, long at) {
        return memory.get(U64, at + ADDRESS_BYTES - Short.BYTES) & ADDRESS_MASK;
    }

    /** Whether a frame has this EtherType. */
    public static boolean isOn(MemorySegment memory, long at) {
        return memory.get(U16, at + TYPE) == EXPERIMENTAL;
    }
}
