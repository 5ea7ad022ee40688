package io.patchbay.cli.bench;

import io.patchbay.vhost.frontend.FrontEnd;
import io.patchbay.vhost.frontend.FrontEndSettings;
import java.io.IOException;

/** Two guests that talk to each other. One thread. */
final class BenchPair implements AutoCloseable {

    private static final int PATIENCE_MILLIS = 1000;
    private static final int ATTEMPTS = 5;

    private final BenchGuest first;
    private final BenchGuest second;

    private BenchPair(BenchGuest first, BenchGuest second) {
        this.first = first;
        this.second = second;
    }

    /**
     * Connects both guests and lets the switch learn their addresses.
     *
     * @param longestFrame bytes of the longest frame there will be
     * @throws IOException if a socket does not answer, or no frame gets through
     */
    static BenchPair connect(String firstSocket, String secondSocket, FrontEndSettings settings, int longestFrame)
            throws IOException {
        FrontEnd one = FrontEnd.connect(firstSocket, settings, longestFrame);
        try {
            FrontEnd other = FrontEnd.connect(secondSocket, settings, longestFrame);
            BenchPair pair = new BenchPair(new BenchGuest(one, 1, 2), new BenchGuest(other, 2, 1));
            try {
                pair.meet();
                return pair;
            } catch (IOException | RuntimeException e) {
                other.close();
                throw e;
            }
        } catch (IOException | RuntimeException e) {
            one.close();
            throw e;
        }
    }

    /** From now on all frames are so long, 60 bytes at least. */
    void useFramesOf(int bytes) {
        first.useFramesOf(bytes);
        second.useFramesOf(bytes);
    }

    /** Counts no frame as on its way any more. */
    void forgetLost() {
        first.forgetLost();
        second.forgetLost();
    }

    private void meet() throws IOException {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            if (roundTrip() >= 0) {
                drain();
                return;
            }
        }
        throw new IOException("no frame gets from one port to the other and back");
    }

    /** Sends what may be on its way at once, and takes what has come. */
    void exchange() {
        first.send();
        second.take(first);
        second.send();
        first.take(second);
    }

    /** Sends one frame from the first guest, whether or not those before have come. */
    void sendOneWay() {
        first.sendOne();
    }

    /** Takes what has come. */
    void take() {
        second.take(first);
        first.take(second);
    }

    /** Takes what is still on its way; what has not come after a second does not come. */
    void drain() {
        long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000L;
        while ((first.onTheWay() > 0 || second.onTheWay() > 0) && System.nanoTime() < end) {
            take();
        }
    }

    /** Nanoseconds until a frame sent to the other guest has come back from there; -1 if it has not after a second. */
    long roundTrip() {
        long start = System.nanoTime();
        return first.sendOne() && await(second, first, start) && second.sendOne() && await(first, second, start)
                ? System.nanoTime() - start
                : -1;
    }

    private static boolean await(BenchGuest receiver, BenchGuest sender, long start) {
        long end = start + PATIENCE_MILLIS * 1_000_000L;
        while (receiver.take(sender) == 0) {
            if (System.nanoTime() > end) {
                sender.forgetLost();
                return false;
            }
            Thread.onSpinWait();
        }
        return true;
    }

    long received() {
        return first.received() + second.received();
    }

    /** Frames that were sent and have not come. */
    long lost() {
        return first.onTheWay() + second.onTheWay();
    }

    @Override
    public void close() {
        first.close();
        second.close();
    }
}
