package io.patchbay.vhost.wire;

/**
 * Payload of SET_VRING_ADDR: where the three parts of a virtqueue lie, as addresses in the front end's own address space.
 *
 * @param index the virtqueue, not yet checked against the number of queues
 * @param flags bit 0: log writes to the used ring
 * @param descriptors descriptor table
 * @param used used ring
 * @param available available ring
 * @param log address by which writes to the used ring are logged
 */
public record VringAddresses(long index, int flags, long descriptors, long used, long available, long log) {}
