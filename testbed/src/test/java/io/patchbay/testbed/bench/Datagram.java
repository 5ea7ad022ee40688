package io.patchbay.testbed.bench;

import io.patchbay.vhost.frontend.DriverRing;
import io.patchbay.vhost.frontend.QueuePair;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/**
 * A frame with a UDP datagram in it, by whose ports a switch tells conversations from each other.
 *
 * <pre>
 *   0             6         12    14                    34               42
 *  +-------------+---------+-----+---------------------+----------------+------
 *  | destination | source  | IPv4| header of 20 bytes  | UDP header     | data
 *  +-------------+---------+-----+---------------------+----------------+------
 * </pre>
 *
 * <p>Addresses and ports are the same both ways, and checksums are 0: a switch looks at neither.
 */
final class Datagram {

    private static final int TYPE = 12;
    private static final int IP = 14;
    private static final int UDP = 34;

    private static final short IPV4 = 0x0800;
    private static final int VERSION_AND_LENGTH = 0x4500_0000;
    private static final int DONT_FRAGMENT = 0x4000;
    private static final int TTL_AND_UDP = 64 << 24 | 17 << 16;
    private static final int FROM = 0x0a00_0001;
    private static final int TO = 0x0a00_0002;
    private static final int FIRST_PORT = 1024;
    private static final int OTHER_PORT = 9;

    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    private Datagram() {}

    /**
     * Puts one into a free transmit buffer, to be shown to the switch later.
     *
     * @param bytes of the frame
     * @param conversation 0 to 60,000
     */
    static void put(QueuePair queue, int bytes, long destination, long source, int conversation) {
        DriverRing ring = queue.transmitRing();
        int id = ring.take();
        MemorySegment memory = ring.buffers();
        long at = ring.bufferOffset(id) + queue.headerBytes();
        memory.set(U64, at, destination << 16 | source >>> 32);
        memory.set(U32, at + Long.BYTES, (int) source);
        memory.set(U16, at + TYPE, IPV4);
        memory.set(U32, at + IP, VERSION_AND_LENGTH | bytes - IP);
        memory.set(U32, at + IP + 4, DONT_FRAGMENT);
        memory.set(U32, at + IP + 8, TTL_AND_UDP);
        memory.set(U32, at + IP + 12, FROM);
        memory.set(U32, at + IP + 16, TO);
        memory.set(U32, at + UDP, FIRST_PORT + conversation << 16 | OTHER_PORT);
        memory.set(U32, at + UDP + 4, bytes - UDP << 16);
        ring.offerReadable(id, queue.headerBytes() + bytes);
    }
}
