package io.patchbay.core.control.config;

/** The configuration cannot be used. The message has a line for the place and the reason. */
public final class ConfigException extends Exception {

    private static final long serialVersionUID = 1L;

    public ConfigException(String message) {
        super(message);
    }

    public ConfigException(String message, Throwable cause) {
        super(message, cause);
    }
}
