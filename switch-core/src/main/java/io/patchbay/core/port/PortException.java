package io.patchbay.core.port;

/** A port cannot work as configured. The message says what was tried, on what, and which rule or system call refused it. */
public final class PortException extends Exception {

    private static final long serialVersionUID = 1L;

    public PortException(String message) {
        super(message);
    }

    public PortException(String message, Throwable cause) {
        super(message, cause);
    }
}
