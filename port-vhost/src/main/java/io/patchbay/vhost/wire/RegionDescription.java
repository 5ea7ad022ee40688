package io.patchbay.vhost.wire;

/**
 * One region of guest memory as a front end describes it; nothing in it is checked yet. All numbers are unsigned 64-bit.
 *
 * @param guestAddress guest-physical address of the first byte: what descriptors refer to
 * @param size bytes
 * @param userAddress address of the first byte in the front end's own address space: what ring addresses refer to
 * @param mmapOffset offset of the first byte in the file that came with the message
 */
public record RegionDescription(long guestAddress, long size, long userAddress, long mmapOffset) {}
