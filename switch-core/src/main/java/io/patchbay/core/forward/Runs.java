package io.patchbay.core.forward;

import io.patchbay.core.frame.Burst;

/**
 * The frames of a burst as runs of one pair of addresses: a burst is mostly one conversation, and of such a run the addresses are looked up once. Filled
 * in sweeps over whole arrays, without any call inside, so that a burst of which every frame is a run of its own is quick as well.
 *
 * <p>Confined to its worker and reused.
 */
final class Runs {

    /** The bytes of a frame's second word that belong to its source address. */
    private static final long SOURCE_IN_HEAD1 = 0xffff_ffffL;

    /** Of each run its first frame, and behind the last the number of frames: run {@code i} is frames {@code first[i]} to {@code first[i + 1] - 1}. */
    final int[] first = new int[Burst.CAPACITY + 1];

    final long[] source = new long[Burst.CAPACITY];
    final long[] destination = new long[Burst.CAPACITY];

    /** Where the searches for the addresses begin. */
    final int[] sourceHome = new int[Burst.CAPACITY];

    final int[] destinationHome = new int[Burst.CAPACITY];

    private int count;

    int count() {
        return count;
    }

    /** How many frames a run has. */
    int frames(int run) {
        return first[run + 1] - first[run];
    }

    /** Takes a burst apart, and finds out where its addresses are to be looked for. */
    void find(Burst burst, MacTable macs) {
        divide(burst);
        for (int i = 0; i < count; i++) {
            long address = burst.source(first[i]);
            source[i] = address;
            sourceHome[i] = macs.home(address);
        }
        for (int i = 0; i < count; i++) {
            long address = burst.destination(first[i]);
            destination[i] = address;
            destinationHome[i] = macs.home(address);
        }
    }

    private void divide(Burst burst) {
        int found = 0;
        long last0 = 0;
        long last1 = 0;
        int n = burst.count();
        for (int frame = 0; frame < n; frame++) {
            long head0 = burst.head0(frame);
            long head1 = burst.head1(frame) & SOURCE_IN_HEAD1;
            if (head0 != last0 || head1 != last1 || frame == 0) {
                first[found++] = frame;
                last0 = head0;
                last1 = head1;
            }
        }
        first[found] = n;
        count = found;
    }
}
