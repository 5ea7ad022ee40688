package io.patchbay.core.port;

/**
 * Whether a port carries frames.
 *
 * @param up frames can pass in at least one direction
 * @param reason one clause that says why the port is up or down, for an operator
 */
public record PortStatus(boolean up, String reason) {

    public static PortStatus up(String reason) {
        return new PortStatus(true, reason);
    }

    public static PortStatus down(String reason) {
        return new PortStatus(false, reason);
    }
}
