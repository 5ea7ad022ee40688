package io.patchbay.core.frame;

import java.util.Arrays;

/**
 * The frames that go to one port at once, of one burst or of several, so that each port is turned to once for all senders. Whoever takes them goes on
 * frame by frame, or by all of a burst that come next:
 *
 * <pre>
 *   while (delivery.next()) {               while (delivery.nextRun()) {
 *       ... frame() of burst() ...              ... frames() [0 .. count() - 1] of burst() ...
 *   }                                       }
 * </pre>
 *
 * <p>Whoever breaks off with an error leaves the rest for whoever goes on. Confined to its worker and reused.
 */
public final class Delivery {

    private static final int SHIFT = Integer.numberOfTrailingZeros(Burst.CAPACITY);
    private static final int PLACE = Burst.CAPACITY - 1;

    private final Burst[] bursts;
    private final int[] frames = new int[Burst.CAPACITY];
    private int[] numbers = new int[0];
    private int at;
    private int end;
    private int number;
    private int count;
    private long effort;

    /** @param bursts most bursts that frames may be of */
    public Delivery(int bursts) {
        this.bursts = new Burst[bursts];
        Arrays.setAll(this.bursts, i -> new Burst());
    }

    /** A burst to take frames in, or to find those that were taken in. */
    public Burst burst(int burstNumber) {
        return bursts[burstNumber];
    }

    /** Puts another burst in the place of one. */
    public void exchange(int burstNumber, Burst next) {
        bursts[burstNumber] = next;
    }

    /**
     * Starts anew.
     *
     * @param frameNumbers of the frames that are meant, ascending: frame {@code i} of burst {@code b} is {@code b * Burst.CAPACITY + i}
     * @param total how many of them
     */
    public void start(int[] frameNumbers, int total) {
        numbers = frameNumbers;
        at = 0;
        end = total;
    }

    /** How many frames were not come to yet. */
    public int left() {
        return end - at;
    }

    /** Whether all frames that were not come to yet are of one burst. There is at least one. */
    public boolean isOfOneBurst() {
        return numbers[at] >>> SHIFT == numbers[end - 1] >>> SHIFT;
    }

    /** Goes on to the next frame; false if there is none. */
    public boolean next() {
        if (at == end) {
            return false;
        }
        number = numbers[at++];
        return true;
    }

    /** Goes on to the frames of one burst that are next; false if there are none. */
    public boolean nextRun() {
        if (at == end) {
            return false;
        }
        number = numbers[at];
        int n = 0;
        while (at < end && numbers[at] >>> SHIFT == number >>> SHIFT && n < Burst.CAPACITY) {
            frames[n++] = numbers[at++] & PLACE;
        }
        count = n;
        return true;
    }

    /** Where the frame or frames lie that were come to last. */
    public Burst burst() {
        return bursts[number >>> SHIFT];
    }

    /** Its place in that burst, after {@link #next}. */
    public int frame() {
        return number & PLACE;
    }

    /** Their places in that burst, after {@link #nextRun}; the first {@link #count} entries are meant. */
    public int[] frames() {
        return frames;
    }

    public int count() {
        return count;
    }

    /** Notes that so many pieces of a receiver's memory had to be looked at, as {@link Burst#charge} does for the frames of one burst. */
    public void charge(int pieces) {
        effort += pieces;
    }

    /** Pieces noted since this was asked last. */
    public long takeEffort() {
        long sum = effort;
        effort = 0;
        return sum;
    }
}
