package io.patchbay.vhost.wire;

/**
 * Payload of SET_LOG_BASE: where in its file the dirty log lies. Not checked yet: any numbers are possible.
 *
 * @param size bytes
 * @param mmapOffset where it begins in the file
 */
public record LogDescription(long size, long mmapOffset) {}
