package io.patchbay.vhost.session;

import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * What is said about one port, within limits: a front end decides how often there is something to say, also by connecting again and again,
 * and must not be able to fill a disk. Confined to one thread at a time.
 */
public final class PortLog {

    /** Lines that may come at once. */
    static final int BURST = 20;

    private static final long NANOS_PER_LINE = 1_000_000_000L;

    private final String port;
    private final Logger log;
    private final LongSupplier nanoTime;
    private int lines = BURST;
    private long refilled;
    private long withheld;

    /** @param nanoTime as {@link System#nanoTime} */
    public PortLog(String port, Logger log, LongSupplier nanoTime) {
        this.port = port;
        this.log = log;
        this.nanoTime = nanoTime;
        this.refilled = nanoTime.getAsLong();
    }

    public void info(String what) {
        say(log.atLevel(Level.INFO), what);
    }

    public void warn(String what) {
        say(log.atLevel(Level.WARN), what);
    }

    public void error(String what, Throwable cause) {
        say(log.atLevel(Level.ERROR).setCause(cause), what);
    }

    private void say(LoggingEventBuilder line, String what) {
        refill();
        if (lines == 0) {
            withheld++;
            return;
        }
        lines--;
        if (withheld == 0) {
            line.log("port {}: {}", port, what);
        } else {
            line.log("port {}: {} ({} lines before this one were withheld)", port, what, withheld);
            withheld = 0;
        }
    }

    private void refill() {
        long earned = (nanoTime.getAsLong() - refilled) / NANOS_PER_LINE;
        if (earned > 0) {
            lines = (int) Math.min(BURST, lines + earned);
            refilled += earned * NANOS_PER_LINE;
        }
    }
}
