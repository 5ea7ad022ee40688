package io.patchbay.core.forward;

import io.patchbay.core.frame.MacAddress;

/**
 * Layout of a slot of the filtering database: one word, so that who finds the address finds its port, and eight slots in a cache line:
 *
 * <pre>
 *   63      62      61          48 47                                0
 *  +-------+-------+--------------+-----------------------------------+
 *  | taken | heard |     port     |              address              |     0: free
 *  +-------+-------+--------------+-----------------------------------+
 * </pre>
 *
 * <p>{@code heard} is set by whoever gets a frame from the address, and taken away once a second by whoever keeps the time, who then notes when that
 * was.
 */
final class MacSlotDescriptor {

    static final long FREE = 0;

    private static final long TAKEN = 1L << 63;
    private static final long HEARD = 1L << 62;
    private static final int PORT_SHIFT = 48;
    private static final int PORT_MASK = FairShares.PORTS - 1;
    private static final long MATCH = TAKEN | MacAddress.MASK;

    private MacSlotDescriptor() {}

    /** The entry of an address from which a frame has just come in on a port. */
    static long heard(long address, int port) {
        return TAKEN | HEARD | (long) (port & PORT_MASK) << PORT_SHIFT | address;
    }

    /** An entry with the note that it was heard of. */
    static long withHeard(long entry) {
        return entry | HEARD;
    }

    static long withoutHeard(long entry) {
        return entry & ~HEARD;
    }

    static long withPort(long entry, int port) {
        return (entry & ~((long) PORT_MASK << PORT_SHIFT)) | (long) (port & PORT_MASK) << PORT_SHIFT;
    }

    static boolean isHeard(long entry) {
        return (entry & HEARD) != 0;
    }

    /** Whether an entry, or a free slot's, is that of an address. */
    static boolean isOf(long entry, long address) {
        return (entry & MATCH) == (address | TAKEN);
    }

    static long address(long entry) {
        return entry & MacAddress.MASK;
    }

    static int port(long entry) {
        return (int) (entry >>> PORT_SHIFT) & PORT_MASK;
    }
}
