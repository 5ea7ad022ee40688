package io.patchbay.testbed;

import io.patchbay.core.linux.LinuxException;
import io.patchbay.vhost.frontend.FrontEnd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.CRC32;

/**
 * A guest that sends numbered frames, or receives and accounts for them, and whose VMM connects again when the switch was gone. A thread; its
 * front end is confined to it.
 */
final class NumberedGuest implements Runnable {

    private static final int FRAME = 200;
    private static final int NUMBER = 16;
    private static final int CHECK = FRAME - Long.BYTES;

    private final String socket;
    private final FrontEnd frontEnd;
    private final long nanosPerFrame;
    private volatile boolean running = true;
    private volatile boolean silent;
    private volatile boolean lost;
    private volatile long sent;
    private volatile String lastRefusal = "none";

    private final BitSet seen = new BitSet();
    private volatile long received;
    private volatile long duplicates;
    private volatile long damaged;
    private volatile long longestGapNanos;
    private volatile long lastArrival = System.nanoTime();

    /** @param framesPerSecond 0 to receive only */
    NumberedGuest(String socket, FrontEnd frontEnd, int framesPerSecond) {
        this.socket = socket;
        this.frontEnd = frontEnd;
        this.nanosPerFrame = framesPerSecond == 0 ? 0 : TimeUnit.SECONDS.toNanos(1) / framesPerSecond;
    }

    @Override
    public void run() {
        try {
            sendAndReceive();
        } catch (RuntimeException | Error e) {
            lastRefusal = "gave up by " + e;
            throw e;
        }
    }

    private void sendAndReceive() {
        long next = System.nanoTime();
        while (running) {
            if (lost) {
                reconnect();
            }
            boolean busy = take();
            if (nanosPerFrame > 0 && !silent && System.nanoTime() >= next && frontEnd.send(frame(sent))) {
                sent++;
                next += nanosPerFrame;
                busy = true;
            }
            if (!busy) {
                LockSupport.parkNanos(20_000);
            }
        }
    }

    private void reconnect() {
        try {
            frontEnd.reconnect(socket, queue -> 0); // the base does not matter; the used index does
            lost = false;
        } catch (IOException | LinuxException e) {
            lastRefusal = e.toString();
            LockSupport.parkNanos(10_000_000); // not there yet
        }
    }

    private static byte[] frame(long number) {
        ByteBuffer frame = ByteBuffer.allocate(FRAME);
        frame.put(new byte[] {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, (byte) 0x88, (byte) 0xb5});
        frame.putLong(NUMBER, number);
        for (int at = NUMBER + Long.BYTES; at < CHECK; at++) {
            frame.put(at, (byte) (number * 31 + at));
        }
        return frame.putLong(CHECK, check(frame.array())).array();
    }

    private static long check(byte[] frame) {
        CRC32 crc = new CRC32();
        crc.update(frame, 0, CHECK);
        return crc.getValue();
    }

    private boolean take() {
        var frame = frontEnd.receive();
        if (frame.isEmpty()) {
            return false;
        }
        ByteBuffer bytes = ByteBuffer.wrap(frame.get());
        if (bytes.capacity() != FRAME || bytes.getLong(CHECK) != check(bytes.array())) {
            damaged++;
            return true;
        }
        int number = (int) bytes.getLong(NUMBER);
        if (seen.get(number)) {
            duplicates++;
        } else {
            seen.set(number);
            received++;
        }
        long now = System.nanoTime();
        longestGapNanos = Math.max(longestGapNanos, now - lastArrival);
        lastArrival = now;
        return true;
    }

    /** The switch is gone: connect as soon as it is there again. */
    void lose() {
        lost = true;
    }

    boolean isLost() {
        return lost;
    }

    /** Sends no more. */
    void hush() {
        silent = true;
    }

    void stop() {
        running = false;
    }

    long sent() {
        return sent;
    }

    /** Different frames that came. */
    long received() {
        return received;
    }

    long duplicates() {
        return duplicates;
    }

    long damaged() {
        return damaged;
    }

    /** The longest time without a frame since this was asked last, in milliseconds. */
    long takeLongestGapMillis() {
        long gap = longestGapNanos;
        longestGapNanos = 0;
        return TimeUnit.NANOSECONDS.toMillis(gap);
    }

    /** Where it stands, for whoever has to find out why a test failed. */
    @Override
    public String toString() {
        return "sent %d, received %d, duplicates %d, damaged %d, %s, last refusal: %s"
                .formatted(sent, received, duplicates, damaged, lost ? "lost" : "connected", lastRefusal);
    }
}
