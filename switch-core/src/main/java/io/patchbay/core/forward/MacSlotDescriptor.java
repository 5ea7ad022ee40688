package io.patchbay.core.forward;

import io.patchbay.core.frame.MacAddress;

/**
 * Layout of a slot of the filtering database: two words in one cache line. Address and port are one word, so that who finds the one finds the other;
 * the second is written by whoever refreshes the entry, at any time:
 *
 * <pre>
 *   63      62          48 47                                0
 *  +-------+--------------+-----------------------------------+
 *  | taken |     port     |              address              |     0: free
 *  +-------+--------------+-----------------------------------+
 *  |                      seen, in seconds                    |
 *  +----------------------------------------------------------+
 * </pre>
 */
final class MacSlotDescriptor {

    /** Words of a slot. */
    static final int WORDS = 2;

    /** Index of a word within its slot. */
    static final int ENTRY = 0;

    static final int SEEN = 1;

    static final long FREE = 0;

    private static final long TAKEN = 1L << 63;
    private static final int PORT_SHIFT = 48;
    private static final int PORT_MASK = FairShares.PORTS - 1;
    private static final long MATCH = TAKEN | MacAddress.MASK;

    private MacSlotDescriptor() {}

    static long entry(long address, int port) {
        return TAKEN | (long) (port & PORT_MASK) << PORT_SHIFT | address;
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
