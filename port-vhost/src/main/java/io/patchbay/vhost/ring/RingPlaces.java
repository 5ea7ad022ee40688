package io.patchbay.vhost.ring;

import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.wire.VringAddresses;
import java.lang.foreign.MemorySegment;

/**
 * Where the three parts of a virtqueue are. For a packed ring, {@code available} and {@code used} are the driver's and the device's event
 * suppression areas.
 */
public record RingPlaces(MemorySegment descriptors, MemorySegment available, MemorySegment used) {

    /**
     * Finds the parts of a split virtqueue in guest memory.
     *
     * @throws InvalidRingException if a part is misaligned or not within one region
     */
    public static RingPlaces ofSplit(VringAddresses addresses, int size, GuestMemory memory)
            throws InvalidRingException {
        return new RingPlaces(
                part(
                        "descriptor table",
                        addresses.descriptors(),
                        SplitRingDescriptor.descriptorsBytes(size),
                        SplitRingDescriptor.DESCRIPTORS_ALIGNMENT,
                        memory),
                part(
                        "available ring",
                        addresses.available(),
                        SplitRingDescriptor.availableBytes(size),
                        SplitRingDescriptor.AVAILABLE_ALIGNMENT,
                        memory),
                part(
                        "used ring",
                        addresses.used(),
                        SplitRingDescriptor.usedBytes(size),
                        SplitRingDescriptor.USED_ALIGNMENT,
                        memory));
    }

    /**
     * Finds the parts of a packed virtqueue in guest memory.
     *
     * @throws InvalidRingException if a part is misaligned or not within one region
     */
    public static RingPlaces ofPacked(VringAddresses addresses, int size, GuestMemory memory)
            throws InvalidRingException {
        return new RingPlaces(
                part(
                        "descriptor ring",
                        addresses.descriptors(),
                        PackedRingDescriptor.descriptorsBytes(size),
                        PackedRingDescriptor.DESCRIPTORS_ALIGNMENT,
                        memory),
                part(
                        "driver event suppression",
                        addresses.available(),
                        PackedRingDescriptor.EVENT_BYTES,
                        PackedRingDescriptor.EVENT_ALIGNMENT,
                        memory),
                part(
                        "device event suppression",
                        addresses.used(),
                        PackedRingDescriptor.EVENT_BYTES,
                        PackedRingDescriptor.EVENT_ALIGNMENT,
                        memory));
    }

    private static MemorySegment part(String name, long address, long bytes, int alignment, GuestMemory memory)
            throws InvalidRingException {
        MemorySegment part = memory.byUserAddress(address, bytes)
                .orElseThrow(() -> new InvalidRingException(String.format(
                        "the %s at user address 0x%x, %d bytes, is not within one memory region",
                        name, address, bytes)));
        // Checked where the bytes are, since that is what the accesses need; regions begin on pages, so the guest's
        // alignment is the same.
        if (part.address() % alignment != 0) {
            throw new InvalidRingException(
                    String.format("the %s at user address 0x%x is not aligned to %d bytes", name, address, alignment));
        }
        return part;
    }
}
