package io.patchbay.core.frame;

import java.lang.foreign.MemorySegment;
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
 * <p>Who has several ways for them says of each frame which it takes, and then goes on with those of one way after the other:
 *
 * <pre>
 *   delivery.beginChoice();
 *   while (delivery.next()) {
 *       delivery.choose(... frame() of burst() ...);
 *   }
 *   delivery.order();
 *   ... the next chosen(0) frames, the next chosen(1), and so on ...
 * </pre>
 *
 * <p>Whoever breaks off with an error leaves the rest for whoever goes on. Confined to its worker and reused.
 */
public final class Delivery {

    /** Ways are numbered below this. */
    public static final int MAX_WAYS = 64;

    private static final int SHIFT = Integer.numberOfTrailingZeros(Burst.CAPACITY);
    private static final int PLACE = Burst.CAPACITY - 1;

    private final Burst[] bursts;
    private final int[] frames = new int[Burst.CAPACITY];
    private final byte[] choices;
    private final int[] chosen = new int[MAX_WAYS];
    private final int[] place = new int[MAX_WAYS];
    private int[] ordered;
    private int[] spare;
    private int choicesFrom;
    private int choicesMade;
    private int turns;
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
        choices = new byte[bursts * Burst.CAPACITY];
        ordered = new int[choices.length];
        spare = new int[choices.length];
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

    /** Whether any frame of the bursts that the next {@code n} frames are of has an {@linkplain FrameOffloads offload}. */
    public boolean mayHaveOffloads(int n) {
        boolean any = false;
        for (int k = 0; k < n; k++) {
            any |= bursts[numbers[at + k] >>> SHIFT].offloads().any();
        }
        return any;
    }

    /** Bytes of the frame that comes {@code ahead} frames after the next. */
    public int length(int ahead) {
        int next = numbers[at + ahead];
        return bursts[next >>> SHIFT].length(next & PLACE);
    }

    /**
     * Copies the next {@code n} frames, each to a contiguous place of its own, and goes on behind them. If it breaks off, it has come to the frame that
     * could not be copied.
     *
     * @param to has at least as many bytes as a frame from {@code skip} after its place
     * @param places the first is that of the next frame
     */
    public void copyNext(int n, MemorySegment to, long[] places, int skip) {
        int first = at;
        for (int k = 0; k < n; k++) {
            int next = numbers[first + k];
            at = first + k + 1;
            bursts[next >>> SHIFT].copyFrame(next & PLACE, to, places[k] + skip);
        }
    }

    /** Forgets which frame takes which way. */
    public void beginChoice() {
        choicesFrom = at;
        choicesMade = 0;
        Arrays.fill(chosen, 0);
    }

    /** Says which way the frame takes that was come to last: less than {@value #MAX_WAYS}. */
    public void choose(int way) {
        choices[choicesMade++] = (byte) way;
        chosen[way]++;
    }

    /**
     * Goes back to where choices began. What comes then is ordered by ways, and within one as before, and after that what was not come to yet. A frame
     * for which no choice was made, because its sender's memory has gone, does not come again.
     */
    public void order() {
        int first = 0;
        for (int way = 0; way < MAX_WAYS; way++) {
            place[way] = first;
            first += chosen[way];
        }
        int[] to = spare;
        for (int i = 0; i < choicesMade; i++) {
            to[place[choices[i]]++] = numbers[choicesFrom + i];
        }
        System.arraycopy(numbers, at, to, choicesMade, end - at);
        end = choicesMade + end - at;
        at = 0;
        numbers = to;
        spare = ordered;
        ordered = to;
    }

    /** How many frames take a way. */
    public int chosen(int way) {
        return chosen[way];
    }

    /** Notes that a receiver that has several ways turned to so many of them. */
    public void turnedTo(int ways) {
        turns += ways;
    }

    /** How many ways were turned to since this was asked last, of receivers that have several. */
    public int takeTurns() {
        int sum = turns;
        turns = 0;
        return sum;
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
