package io.patchbay.core.forward;

import io.patchbay.core.frame.Burst;

/**
 * Where the frames of some bursts go: for each output port the numbers of its frames, in order of arrival. Frame {@code i} of burst {@code b} has the
 * number {@code b * Burst.CAPACITY + i}.
 *
 * <p>Confined to its worker and reused from turn to turn; grows only when {@link #resize} is called.
 */
public final class Routes {

    private final int capacity;
    private int[][] frames = new int[0][];
    private int[] counts = new int[0];
    private boolean[] listed = new boolean[0];
    private int[] outputs = new int[0];
    private int outputCount;
    private int first;
    private long flooded;

    /** @param bursts most bursts that are routed before {@link #clear} */
    public Routes(int bursts) {
        capacity = bursts * Burst.CAPACITY;
    }

    /** Makes room for ports 0 to {@code ports - 1}, and clears. */
    public void resize(int ports) {
        clear();
        if (ports > frames.length) {
            frames = new int[ports][capacity];
            counts = new int[ports];
            listed = new boolean[ports];
            outputs = new int[ports];
        }
    }

    /** Forgets everything; what is routed next is burst 0. */
    public void clear() {
        for (int i = 0; i < outputCount; i++) {
            counts[outputs[i]] = 0;
            listed[outputs[i]] = false;
        }
        outputCount = 0;
        begin(0);
    }

    /** Says that the frames added from now on are those of burst {@code burst}. */
    public void begin(int burst) {
        first = burst * Burst.CAPACITY;
        flooded = 0;
    }

    /** Notes that a frame goes to several ports, or was not meant for the one it goes to in particular. */
    public void setFlooded(int frame) {
        flooded |= 1L << frame;
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
        frames[port][n] = first + frame;
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
