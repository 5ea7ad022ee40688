package io.patchbay.vhost.session;

/** The connection to a front end cannot go on. The message says why, for the log. */
public final class ConnectionException extends Exception {

    private static final long serialVersionUID = 1L;

    public ConnectionException(String message) {
        super(message);
    }

    public ConnectionException(String message, Throwable cause) {
        super(message, cause);
    }
}
