package io.patchbay.cli;

import java.util.stream.Stream;

/** A command cannot do what it was asked: a line for the terminal, and an exit code. */
final class CommandFailure extends RuntimeException {

    static final int FAILED = 1;
    static final int NOT_FOUND = 3;
    static final int NO_DAEMON = 4;
    static final int DENIED = 5;
    static final int BAD_CONFIG = 6;

    private static final long serialVersionUID = 1L;

    private final int exitCode;

    CommandFailure(int exitCode, String message) {
        super(message);
        this.exitCode = exitCode;
    }

    Stream<String> lines() {
        return String.valueOf(getMessage()).lines();
    }

    int exitCode() {
        return exitCode;
    }
}
