package io.patchbay.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class TerminationTest {

    private final Termination termination = new Termination(Duration.ofMinutes(1));

    @Test
    void theEndIsWaitedForAndGivesItsExitCode() throws Exception {
        CompletableFuture<Integer> exitCode = CompletableFuture.supplyAsync(termination::request);

        termination.await();
        assertThat(exitCode).isNotDone();
        termination.done(0, () -> {});

        assertThat(exitCode.get(20, TimeUnit.SECONDS)).isZero();
    }

    @Test
    void aLastActionThatFailsDoesNotKeepTheProcessFromEnding() throws Exception {
        CompletableFuture<Integer> exitCode = CompletableFuture.supplyAsync(termination::request);
        var full = new UncheckedIOException(new FileSystemException("no space left on device"));

        assertThatThrownBy(() -> termination.done(6, () -> {
                    throw full;
                }))
                .isSameAs(full);

        assertThat(exitCode.get(20, TimeUnit.SECONDS)).isEqualTo(6);
    }

    @Test
    void anEndThatDoesNotComeIsNotWaitedForForEver() {
        assertThat(new Termination(Duration.ofMillis(10)).request()).isEqualTo(CommandFailure.FAILED);
    }
}
