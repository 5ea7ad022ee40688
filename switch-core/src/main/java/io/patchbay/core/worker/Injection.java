package io.patchbay.core.worker;

/**
 * A frame the control side wants forwarded.
 *
 * @param outward whether out to port {@code port}, or as if that port had sent it
 */
record Injection(int port, byte[] frame, boolean outward) {}
