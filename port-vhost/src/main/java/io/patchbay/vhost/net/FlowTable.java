package io.patchbay.vhost.net;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * Which of its queue pairs a guest sent each of its conversations from: it wants the answers there, on the same virtual processor.
 *
 * <pre>
 *   63              32 31         8 7      0
 *  +------------------+------------+--------+
 *  |     flow hash    |  seconds   |  pair  |    an entry; 0: none
 *  +------------------+------------+--------+
 * </pre>
 *
 * <p>Conversations whose numbers end alike share an entry, which the first keeps for as long as it goes on; the others are steered by their hash.
 * They must not take it from each other with every frame, or both would change queues, and so order, all the time.
 *
 * <p>Workers write and read entries whole, without waiting for each other; a lost update costs nothing but time.
 */
final class FlowTable {

    /** {@link #pair} of a conversation the guest was not seen in. */
    static final int UNKNOWN = -1;

    private static final int ENTRIES = 4096;
    private static final int STALE_SECONDS = 10;
    private static final int SECONDS_MASK = 0xff_ffff;

    private static final VarHandle ENTRY = MethodHandles.arrayElementVarHandle(long[].class);

    private final long[] entries = new long[ENTRIES];
    private boolean active;

    /** Whether there is a choice of queues. Changed before queues are published, so workers see it without more ado. */
    boolean isActive() {
        return active;
    }

    void setActive(boolean on) {
        active = on;
    }

    /**
     * The guest sent frames of these conversations, the first {@code n}.
     *
     * @param pair 0 to 127
     * @param seconds of any clock that goes on while the table is in use
     */
    void learn(int[] hashes, int n, int pair, int seconds) {
        for (int i = 0; i < n; i++) {
            if (i == 0 || hashes[i] != hashes[i - 1]) { // mostly they are of one
                learn(hashes[i], pair, seconds);
            }
        }
    }

    /** The guest sent a frame of a conversation. */
    void learn(int hash, int pair, int seconds) {
        int slot = hash & ENTRIES - 1;
        long entry = (long) ENTRY.getOpaque(entries, slot);
        boolean mine = (int) (entry >>> 32) == hash;
        if (!mine && entry != 0 && (seconds - (int) (entry >>> 8) & SECONDS_MASK) < STALE_SECONDS) {
            return;
        }
        // Pairs count from 1 here, so that no entry is 0.
        long now = (long) hash << 32 | (long) (seconds & SECONDS_MASK) << 8 | pair + 1;
        if (now != entry) {
            ENTRY.setOpaque(entries, slot, now);
        }
    }

    /** The pair a conversation was sent from last, or {@link #UNKNOWN}. */
    int pair(int hash) {
        long entry = (long) ENTRY.getOpaque(entries, hash & ENTRIES - 1);
        // An empty entry is that of conversation 0, unknown.
        return (int) (entry >>> 32) == hash ? (int) (entry & 0xff) - 1 : UNKNOWN;
    }

    /** Forgets everything, for another guest. Only while no worker uses the table. */
    void clear() {
        java.util.Arrays.fill(entries, 0);
    }
}
