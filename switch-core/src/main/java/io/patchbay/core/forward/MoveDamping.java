package io.patchbay.core.forward;

import java.util.Arrays;

/**
 * Holds addresses that move from port to port too often where they were before: two stations have the same address, one of them has stolen
 * it, or there is a loop. Knows entries by number, and is used under the table's lock.
 */
final class MoveDamping {

    /**
     * @param moves how often an address may move within {@code seconds}; with the next it is held at the port where it was before the first, or, if that one's
     *     addresses were forgotten since, where it is
     * @param seconds also for how long it is held
     */
    record Limit(int moves, int seconds) {}

    private final Limit limit;
    private final int[] home;
    /** In which life of that port the address was there. */
    private final int[] homeLife;

    private final int[] moves;
    /** When the first of the moves came, or when the address was held. */
    private final int[] since;

    /** How often each port's addresses were forgotten. */
    private int[] lives = new int[0];

    private long held;

    /** @param entries entries are numbered below this */
    MoveDamping(Limit limit, int entries) {
        this.limit = limit;
        home = new int[entries];
        homeLife = new int[entries];
        moves = new int[entries];
        since = new int[entries];
    }

    /** An entry is made, of an address that is not known. */
    void begin(int entry) {
        moves[entry] = 0;
    }

    /** Where an address belongs that is known on one port and has been seen on another. */
    int place(int entry, int known, int seen, int now) {
        if (isHeld(entry, now)) {
            return known;
        }
        if (moves[entry] == 0 || now - since[entry] >= limit.seconds()) {
            moves[entry] = 0;
            since[entry] = now;
            home[entry] = known;
            homeLife[entry] = life(known);
        }
        if (++moves[entry] <= limit.moves()) {
            return seen;
        }
        since[entry] = now;
        held++;
        // Where it was before may have gone since, and then nobody can be reached there.
        return homeLife[entry] == life(home[entry]) ? home[entry] : known;
    }

    /** The addresses of a port were forgotten: no other is held there for having been there before. */
    void forget(int port) {
        if (port >= lives.length) {
            lives = Arrays.copyOf(lives, port + 1);
        }
        lives[port]++;
    }

    private int life(int port) {
        return port < lives.length ? lives[port] : 0;
    }

    boolean isHeld(int entry, int now) {
        return moves[entry] > limit.moves() && now - since[entry] < limit.seconds();
    }

    /** How often an address was held. */
    long held() {
        return held;
    }
}
