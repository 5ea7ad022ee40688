package io.patchbay.core.forward;

import io.patchbay.core.frame.Burst;
import java.util.Arrays;

/**
 * Where the frames of some bursts go: for each output port the numbers of its frames, in order of arrival. Frame {@code i} of burst {@code b} has the
 * number {@code b * Burst.CAPACITY + i}.
 *
 * <p>A port's list begins with room for one burst and doubles when more frames are gathered for it: the greatest number of ports, 4096, takes 1.2 MiB,
 * or 5 MiB with four workers. When long lists take {@value #MOST_GROWN} numbers together (4 MiB) all are made short again, so that they do not stay with
 * ports that were busy once, or have gone. Whoever delivers as soon as it {@link #isFull} needs 10 MiB at most, whatever guests flood.
 *
 * <p>Confined to its worker and reused from turn to turn. Allocates when ports are added, and when a list grows.
 */
public final class Routes {

    /** Copies of floods after which it is full: those of 64 bursts for 64 ports, or of one burst for 4096. */
    private static final int ENOUGH_COPIES = 1 << 18;

    /** Floods alone, at most this many copies and one more burst of them, never come to this: a storm goes on without allocating. */
    private static final int MOST_GROWN = 4 * ENOUGH_COPIES;

    private final int capacity;
    private int[][] frames = new int[0][];
    private int[] counts = new int[0];
    private boolean[] listed = new boolean[0];
    private int[] outputs = new int[0];
    private int outputCount;
    private int first;
    private long flooded;
    private int copies;
    private int grown;

    /** @param bursts most bursts that are routed before {@link #clear} */
    public Routes(int bursts) {
        capacity = bursts * Burst.CAPACITY;
    }

    /** Makes room for ports 0 to {@code ports - 1}, and clears. */
    public void resize(int ports) {
        clear();
        int before = frames.length;
        if (ports > before) {
            int room = Math.max(ports, 2 * before); // ports come one by one
            frames = Arrays.copyOf(frames, room);
            for (int port = before; port < room; port++) {
                frames[port] = new int[Burst.CAPACITY];
            }
            counts = new int[room];
            listed = new boolean[room];
            outputs = new int[room];
        }
    }

    /** Forgets everything; what is routed next is burst 0. */
    public void clear() {
        for (int i = 0; i < outputCount; i++) {
            counts[outputs[i]] = 0;
            listed[outputs[i]] = false;
        }
        outputCount = 0;
        copies = 0;
        begin(0);
        if (grown > MOST_GROWN) {
            shrink();
        }
    }

    private void shrink() {
        for (int port = 0; port < frames.length; port++) {
            if (frames[port].length > Burst.CAPACITY) {
                frames[port] = new int[Burst.CAPACITY];
            }
        }
        grown = 0;
    }

    /** Makes room for the frames of one more burst. */
    private int[] grow(int port) {
        int[] mine = frames[port];
        int[] longer = Arrays.copyOf(mine, Math.min(2 * mine.length, capacity));
        grown += longer.length - mine.length;
        frames[port] = longer;
        return longer;
    }

    /** Whether there are so many copies of floods that they are to be delivered before more is routed. */
    public boolean isFull() {
        return copies >= ENOUGH_COPIES;
    }

    /** Says that the frames added from now on are those of burst {@code burst}. */
    public void begin(int burst) {
        first = burst * Burst.CAPACITY;
        flooded = 0;
    }

    /** Notes that a frame goes to several ports, or was not meant for the one it goes to in particular. */
    public void setFlooded(int frame) {
        flooded |= 1L << frame;
        copies += outputCount; // or less
    }

    /** Whether a frame of the burst begun last is flooded. */
    public boolean isFlooded(int frame) {
        return (flooded & 1L << frame) != 0;
    }

    /** Whether any frame of the burst begun last is {@linkplain #isFlooded flooded}. */
    public boolean anyFlooded() {
        return flooded != 0;
    }

    /** Sends a frame of the burst begun last to a port; once to each port at most. */
    public void add(int port, int frame) {
        int n = counts[port];
        if (n == 0) {
            list(port);
        }
        int[] mine = frames[port];
        if (n == mine.length) {
            mine = grow(port);
        }
        mine[n] = first + frame;
        counts[port] = n + 1;
    }

    /** Sends frames {@code frame} to {@code end - 1} of the burst begun last to a port; each once to each port at most. */
    public void addRun(int port, int frame, int end) {
        if (end - frame == 1) {
            add(port, frame); // in half the time of the loop
            return;
        }
        int n = counts[port];
        if (n == 0) {
            list(port);
        }
        int[] mine = frames[port];
        if (n + end - frame > mine.length) {
            mine = grow(port);
        }
        for (int i = frame; i < end; i++) {
            mine[n++] = first + i;
        }
        counts[port] = n;
    }

    private void list(int port) {
        if (!listed[port]) { // it may have had frames that were taken back
            listed[port] = true;
            outputs[outputCount++] = port;
        }
    }

    /** Takes back all that was added of the burst begun last. */
    public void forgetLast() {
        for (int i = 0; i < outputCount; i++) {
            int port = outputs[i];
            counts[port] -= countOfLast(port);
        }
        flooded = 0;
    }

    /**
     * Takes a port's frames of the burst begun last out of here.
     *
     * @param to filled with their places in that burst; has room for {@link Burst#CAPACITY}
     * @return how many there are
     */
    public int takeLast(int port, int[] to) {
        int n = countOfLast(port);
        int from = counts[port] - n;
        for (int i = 0; i < n; i++) {
            to[i] = frames[port][from + i] - first;
        }
        counts[port] = from;
        return n;
    }

    private int countOfLast(int port) {
        int[] mine = frames[port];
        int from = counts[port];
        while (from > 0 && mine[from - 1] >= first) {
            from--;
        }
        return counts[port] - from;
    }

    /** How many ports there are for which frames were added. */
    public int outputs() {
        return outputCount;
    }

    /** The {@code i}-th port for which frames were added; it may have none any more. */
    public int output(int i) {
        return outputs[i];
    }

    /** The numbers of the frames of a port; the first {@link #count} entries are meant. */
    public int[] frames(int port) {
        return frames[port];
    }

    public int count(int port) {
        return counts[port];
    }
}
