package io.patchbay.core.control;

/** The daemon cannot start. The message says what stood in the way; nothing is left running. */
public final class DaemonException extends Exception {

    private static final long serialVersionUID = 1L;

    public DaemonException(String message, Throwable cause) {
        super(message, cause);
    }
}
