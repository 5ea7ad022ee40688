package io.patchbay.core.worker;

/** A frame the control side wants forwarded as if port {@code port} had sent it. */
record Injection(int port, byte[] frame) {}
