package io.patchbay.vhost.memory;

/** A memory table or region that cannot be used. The message names the region and the rule. */
public final class InvalidMemoryException extends Exception {

    private static final long serialVersionUID = 1L;

    public InvalidMemoryException(String message) {
        super(message);
    }

    public InvalidMemoryException(String message, Throwable cause) {
        super(message, cause);
    }
}
