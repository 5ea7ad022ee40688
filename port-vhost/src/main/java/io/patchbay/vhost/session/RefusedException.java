package io.patchbay.vhost.session;

/**
 * The device will not do what the front end asks; its state is as before. Answered with a nonzero REPLY_ACK where the front end wants
 * one, otherwise the connection ends, since a front end that was not told would go on as if it had been obeyed.
 */
public final class RefusedException extends Exception {

    private static final long serialVersionUID = 1L;

    /** @param message which rule the request broke, with the offending value */
    public RefusedException(String message) {
        super(message);
    }

    public RefusedException(String message, Throwable cause) {
        super(message, cause);
    }
}
