package io.patchbay.core.worker;

import io.patchbay.core.frame.Burst;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A burst of which some frames wait because ports they go to are full. What else was in it has gone its ways; its chains have not been given back,
 * and nothing more is taken from the queue it came from.
 */
final class HeldBurst {

    private Burst burst = new Burst();
    private @Nullable Inlet inlet;

    /** By port, frames in order of arrival; a frame that waits goes to one port only. */
    private int[] ports = new int[1];

    private int[][] frames = new int[1][Burst.CAPACITY];
    private int[] counts = new int[1];
    private int groups;

    /** Takes a burst over, to be held, and gives an empty one for it. */
    Burst exchange(Burst full, Inlet from) {
        Burst empty = burst;
        empty.clear();
        burst = full;
        inlet = from;
        return empty;
    }

    void clear() {
        groups = 0;
    }

    /** Adds frames that wait for a port. */
    void add(int port, int[] more, int from, int count) {
        int g = groups > 0 && ports[groups - 1] == port ? groups - 1 : newGroup(port);
        System.arraycopy(more, from, frames[g], counts[g], count);
        counts[g] += count;
    }

    private int newGroup(int port) {
        if (groups == ports.length) {
            ports = Arrays.copyOf(ports, 2 * groups);
            counts = Arrays.copyOf(counts, 2 * groups);
            frames = Arrays.copyOf(frames, 2 * groups);
            for (int i = groups; i < frames.length; i++) {
                frames[i] = new int[Burst.CAPACITY];
            }
        }
        ports[groups] = port;
        counts[groups] = 0;
        return groups++;
    }

    boolean isEmpty() {
        return groups == 0;
    }

    Burst burst() {
        return burst;
    }

    /** Where it came from. Only of one that was {@linkplain #exchange taken over}. */
    Inlet inlet() {
        return Objects.requireNonNull(inlet);
    }

    void setInlet(Inlet next) {
        inlet = next;
    }

    int groups() {
        return groups;
    }

    int port(int group) {
        return ports[group];
    }

    int[] frames(int group) {
        return frames[group];
    }

    int count(int group) {
        return counts[group];
    }

    /** Forgets the first frames of a group, which have been dealt with. */
    void done(int group, int n) {
        counts[group] -= n;
        System.arraycopy(frames[group], n, frames[group], 0, counts[group]);
    }

    /** Forgets groups that have become empty. */
    void compact() {
        int kept = 0;
        for (int g = 0; g < groups; g++) {
            if (counts[g] > 0) {
                int[] moved = frames[kept];
                frames[kept] = frames[g];
                frames[g] = moved;
                counts[kept] = counts[g];
                ports[kept] = ports[g];
                kept++;
            }
        }
        groups = kept;
    }

    /** How many frames wait. */
    int waiting() {
        int sum = 0;
        for (int g = 0; g < groups; g++) {
            sum += counts[g];
        }
        return sum;
    }

    /** The number in the burst of the first frame that waits. */
    int first() {
        int first = Integer.MAX_VALUE;
        for (int g = 0; g < groups; g++) {
            first = Math.min(first, frames[g][0]);
        }
        return first;
    }
}
