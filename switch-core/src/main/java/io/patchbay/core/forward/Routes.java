package io.patchbay.core.forward;

import io.patchbay.core.frame.Burst;

/**
 * Where the frames of one burst go: for each output port the indices of its frames, in order of arrival.
 *
 * <p>Confined to its worker and reused from burst to burst; grows only when {@link #resize} is called.
 */
public final class Routes {

    private int[][] frames = new int[0][];
    private int[] counts = new int[0];
    private int[] outputs = new int[0];
    private int outputCount;
    private long flooded;

    /** Makes room for ports 0 to {@code ports - 1}. */
    public void resize(int ports) {
        if (ports > frames.length) {
            frames = new int[ports][Burst.CAPACITY];
            counts = new int[ports];
            outputs = new int[ports];
        }
        clear();
    }

    public void clear() {
        for (int i = 0; i < outputCount; i++) {
            counts[outputs[i]] = 0;
        }
        outputCount = 0;
        flooded = 0;
    }

    /** Notes that a frame goes to several ports, or was not meant for the one it goes to in particular. */
    public void setFlooded(int frame) {
        flooded |= 1L << frame;
    }

    public boolean isFlooded(int frame) {
        return (flooded & 1L << frame) != 0;
    }

    /** Whether any frame is {@linkplain #isFlooded flooded}. */
    public boolean anyFlooded() {
        return flooded != 0;
    }

    /** Sends a frame to a port; at most {@link Burst#CAPACITY} frames per port and burst. */
    public void add(int port, int frame) {
        int n = counts[port];
        if (n == 0) {
            outputs[outputCount++] = port;
        }
        frames[port][n] = frame;
        counts[port] = n + 1;
    }

    /** How many ports get frames. */
    public int outputs() {
        return outputCount;
    }

    /** The {@code i}-th port that gets frames. */
    public int output(int i) {
        return outputs[i];
    }

    /** The frames of a port; the first {@link #count} entries are meant. */
    public int[] frames(int port) {
        return frames[port];
    }

    public int count(int port) {
        return counts[port];
    }
}
