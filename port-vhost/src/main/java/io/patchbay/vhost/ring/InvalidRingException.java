package io.patchbay.vhost.ring;

/** A virtqueue that cannot be where the front end says it is. */
public final class InvalidRingException extends Exception {

    private static final long serialVersionUID = 1L;

    public InvalidRingException(String message) {
        super(message);
    }
}
