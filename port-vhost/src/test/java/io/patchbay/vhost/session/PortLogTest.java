package io.patchbay.vhost.session;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PortLogTest {

    private final ListAppender<ILoggingEvent> lines = new ListAppender<>();
    private long now = -1_000; // nanoTime may be negative
    private PortLog log;

    @BeforeEach
    void open() {
        LoggerContext context = new LoggerContext();
        lines.setContext(context);
        lines.start();
        ch.qos.logback.classic.Logger logger = context.getLogger("test");
        logger.addAppender(lines);
        log = new PortLog("vm1", logger, () -> now);
    }

    private List<String> texts() {
        return lines.list.stream().map(ILoggingEvent::getFormattedMessage).toList();
    }

    private void say(int times) {
        for (int i = 0; i < times; i++) {
            log.warn("something");
        }
    }

    @Test
    void aLineNamesThePort() {
        log.info("hello");

        assertThat(texts()).containsExactly("port vm1: hello");
    }

    @Test
    void linesBeyondTheBurstAreWithheld() {
        say(PortLog.BURST + 500);

        assertThat(texts()).hasSize(PortLog.BURST);
    }

    @Test
    void theNextLineSaysHowManyWereWithheld() {
        say(PortLog.BURST + 7);
        now += Duration.ofSeconds(1).toNanos();
        log.error("late", new IllegalStateException("why"));
        log.info("too late");

        assertThat(texts()).hasSize(PortLog.BURST + 1);
        assertThat(texts().getLast()).isEqualTo("port vm1: late (7 lines before this one were withheld)");
        assertThat(lines.list.getLast().getThrowableProxy().getMessage()).isEqualTo("why");
    }

    @Test
    void linesThatWereWithheldAreSpokenOfOnce() {
        say(PortLog.BURST + 7);
        now += Duration.ofSeconds(2).toNanos();
        log.info("late");
        log.info("later");

        assertThat(texts().getLast()).isEqualTo("port vm1: later");
    }

    @Test
    void quietTimeDoesNotAddUpToMoreThanOneBurst() {
        now += Duration.ofDays(1).toNanos();
        say(PortLog.BURST + 1);

        assertThat(texts()).hasSize(PortLog.BURST);
    }
}
