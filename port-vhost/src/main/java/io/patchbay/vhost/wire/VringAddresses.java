package io.patchbay.vhost.wire;

/**
 * Payload of SET_VRING_ADDR: where the three parts of a virtqueue lie, as addresses in the front end's own address space.
 *
 * @param index the virtqueue, not yet checked against the number of queues
 * @param flags bit 0: log writes to the used ring
 * @param descriptors descriptor table
 * @param used used ring
 * @param available available ring
 * @param log guest-physical address by which writes to the used ring are logged
 */
public record VringAddresses(long index, int flags, long descriptors, long used, long available, long log) {

    /** Whether writes to the used ring are to be logged (VHOST_VRING_F_LOG). */
    public boolean logged() {
        return (flags & MessageDescriptor.ADDRESS_FLAG_LOG) != 0;
    }

    /** Whether the ring is in the same place; the log may differ. */
    public boolean isSameRing(VringAddresses other) {
        return descriptors == other.descriptors && used == other.used && available == other.available;
    }
}
