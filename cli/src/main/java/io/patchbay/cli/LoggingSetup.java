package io.patchbay.cli;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import org.slf4j.LoggerFactory;

/** Sends the log to standard error, as lines for people or as JSON lines. */
final class LoggingSetup {

    /** How the log is written. */
    enum Format {
        human,
        json
    }

    /** What is worth a line. */
    enum Threshold {
        error,
        warn,
        info,
        debug,
        trace
    }

    private LoggingSetup() {}

    static void configure(Format format, Threshold threshold) {
        LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
        context.reset();
        Encoder<ILoggingEvent> encoder = encoder(format, context);
        encoder.setContext(context);
        encoder.start();
        ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
        console.setContext(context);
        console.setTarget("System.err");
        console.setEncoder(encoder);
        console.start();
        // Workers log what guests do wrong; a terminal that is slow must not hold them up, so lines are lost rather
        // than waited for.
        AsyncAppender async = new AsyncAppender();
        async.setContext(context);
        async.setNeverBlock(true);
        async.addAppender(console);
        async.start();
        Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        root.setLevel(Level.toLevel(threshold.name()));
        root.addAppender(async);
        context.getLogger("io.netty").setLevel(Level.WARN);
    }

    /** Writes out what is still on its way. */
    static void flush() {
        ((LoggerContext) LoggerFactory.getILoggerFactory()).stop();
    }

    private static Encoder<ILoggingEvent> encoder(Format format, LoggerContext context) {
        if (format == Format.json) {
            JsonEncoder objects = new JsonEncoder();
            objects.setWithFormattedMessage(true);
            objects.setWithMessage(false);
            objects.setWithArguments(false);
            objects.setWithContext(false);
            objects.setWithMDC(false);
            return objects;
        }
        PatternLayoutEncoder lines = new PatternLayoutEncoder();
        lines.setContext(context);
        lines.setPattern("%d{HH:mm:ss.SSS} %-5level %msg%n");
        return lines;
    }
}
