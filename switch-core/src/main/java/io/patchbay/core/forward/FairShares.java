package io.patchbay.core.forward;

import java.util.Arrays;

/**
 * Which port owns how many entries of a table, and which of its entries is the oldest: what fair eviction needs to know, in a time that does
 * not depend on the number of entries.
 *
 * <pre>
 *  order:  | port 7: 50 | port 2: 50 | port 0: 3 | port 1: 1 | port 3: 0 | ...    ports by number of entries, most first
 *  lists:  port 0: oldest -> ... -> newest                                        entries by number, in order of arrival
 * </pre>
 *
 * <p>Not for use by several threads at once.
 */
final class FairShares {

    /** Ports are numbered below this. */
    static final int PORTS = 1 << 14;

    private static final int NONE = -1;

    private final int[] count = new int[PORTS];
    private final int[] order = new int[PORTS];
    private final int[] rank = new int[PORTS];
    private final int[] oldest = new int[PORTS];
    private final int[] newest = new int[PORTS];
    private final int[] before;
    private final int[] after;

    /** @param entries entries are numbered below this */
    FairShares(int entries) {
        before = new int[entries];
        after = new int[entries];
        Arrays.setAll(order, i -> i);
        Arrays.setAll(rank, i -> i);
        Arrays.fill(oldest, NONE);
        Arrays.fill(newest, NONE);
    }

    int count(int port) {
        return count[port];
    }

    /** A port that owns no fewer entries than any other. */
    int largest() {
        return order[0];
    }

    /** The entry a port has owned longest; the port must own one. */
    int oldest(int port) {
        return oldest[port];
    }

    /** Gives an entry nobody owns to a port, as its newest. */
    void add(int port, int entry) {
        before[entry] = newest[port];
        after[entry] = NONE;
        if (newest[port] == NONE) {
            oldest[port] = entry;
        } else {
            after[newest[port]] = entry;
        }
        newest[port] = entry;
        swap(rank[port], firstWith(count[port]));
        count[port]++;
    }

    /** Takes an entry away from the port that owns it. */
    void remove(int port, int entry) {
        int b = before[entry];
        int a = after[entry];
        if (b == NONE) {
            oldest[port] = a;
        } else {
            after[b] = a;
        }
        if (a == NONE) {
            newest[port] = b;
        } else {
            before[a] = b;
        }
        swap(rank[port], firstWith(count[port] - 1) - 1);
        count[port]--;
    }

    /** The first rank whose port owns {@code n} entries or fewer. */
    private int firstWith(int n) {
        int low = 0;
        int high = PORTS;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (count[order[middle]] > n) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }

    private void swap(int i, int j) {
        int a = order[i];
        int b = order[j];
        order[i] = b;
        order[j] = a;
        rank[b] = i;
        rank[a] = j;
    }
}
