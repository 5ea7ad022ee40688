package io.patchbay.vhost.ring;

import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.wire.Feature;
import io.patchbay.vhost.wire.VringAddresses;
import java.util.Locale;

/** The two layouts of a virtqueue: what differs between them before a ring runs. */
public enum RingLayout {
    SPLIT {
        @Override
        public boolean isValidSize(long size) {
            return SplitRingDescriptor.isValidSize(size);
        }

        @Override
        public String validSizes() {
            return "a power of two from 2 to 32768";
        }

        @Override
        public boolean isValidBase(long base, int size) {
            return base <= 0xffff;
        }

        @Override
        public long freshBase() {
            return 0;
        }

        @Override
        RingPlaces find(VringAddresses addresses, int size, GuestMemory memory) throws InvalidRingException {
            return RingPlaces.ofSplit(addresses, size, memory);
        }

        @Override
        public long resume(long base, int size, RingPlaces places) {
            return SplitRing.usedIndex(places);
        }

        @Override
        public long recover(long base, int size, RingPlaces places, RingFeatures features, RingLog log) {
            return resume(base, size, places);
        }

        @Override
        public DeviceRing ring(int size, RingPlaces places, RingFeatures features, long position, GuestMemory memory) {
            return new SplitRing(size, places, features, (int) position, memory);
        }
    },

    PACKED {
        @Override
        public boolean isValidSize(long size) {
            return PackedRingDescriptor.isValidSize(size);
        }

        @Override
        public String validSizes() {
            return "1 to 32768";
        }

        @Override
        public boolean isValidBase(long base, int size) {
            return PackedRingDescriptor.index((int) base & 0xffff) < size
                    && PackedRingDescriptor.index((int) (base >>> 16) & 0xffff) < size;
        }

        @Override
        public long freshBase() {
            return PackedRingDescriptor.base(PackedRingDescriptor.FRESH);
        }

        @Override
        RingPlaces find(VringAddresses addresses, int size, GuestMemory memory) throws InvalidRingException {
            return RingPlaces.ofPacked(addresses, size, memory);
        }

        @Override
        public long resume(long base, int size, RingPlaces places) throws InvalidRingException {
            return PackedRingDescriptor.base(PackedRing.resumeAt(base, size, places));
        }

        @Override
        public long recover(long base, int size, RingPlaces places, RingFeatures features, RingLog log)
                throws InvalidRingException {
            int told = PackedRing.resumeAt(base, size, places);
            return PackedRingDescriptor.base(PackedResume.position(told, size, places, features, log));
        }

        @Override
        public DeviceRing ring(int size, RingPlaces places, RingFeatures features, long position, GuestMemory memory) {
            return new PackedRing(size, places, features, (int) position & 0xffff, memory);
        }
    };

    /** What was negotiated. */
    public static RingLayout of(long features) {
        return Feature.VIRTIO_F_RING_PACKED.in(features) ? PACKED : SPLIT;
    }

    /** Whether a virtqueue can have so many entries. */
    public abstract boolean isValidSize(long size);

    /** The sizes a virtqueue can have, for messages. */
    public abstract String validSizes();

    /** Whether a queue of {@code size} entries can stand where SET_VRING_BASE says; 32 bits. */
    public abstract boolean isValidBase(long base, int size);

    /** Where a queue stands that has never run, as SET_VRING_BASE would say it. */
    public abstract long freshBase();

    abstract RingPlaces find(VringAddresses addresses, int size, GuestMemory memory) throws InvalidRingException;

    /**
     * Where a queue resumes, in the form of {@link DeviceRing#position}: what the ring itself shows of it wins over the base.
     *
     * @param base where the queue stands by what the front end says
     * @throws InvalidRingException if it lies outside the ring
     */
    public abstract long resume(long base, int size, RingPlaces places) throws InvalidRingException;

    /**
     * The same where the queue may have run under a device that was killed, of which the front end knows nothing: what that one has left in
     * the ring counts for more than the base.
     *
     * @param features what was negotiated, as for {@link #ring}
     * @param log where it is logged if a batch has to be finished that was begun
     */
    public abstract long recover(long base, int size, RingPlaces places, RingFeatures features, RingLog log)
            throws InvalidRingException;

    /**
     * Makes the device's side of a ring.
     *
     * @param position from {@link #resume} or {@link #recover}, or from a ring before this one over the same virtqueue
     */
    public abstract DeviceRing ring(
            int size, RingPlaces places, RingFeatures features, long position, GuestMemory memory);

    /**
     * Finds the parts of a ring in guest memory.
     *
     * @throws InvalidRingException if no ring of this layout can have the size, or a part is misaligned or not within one region
     */
    public final RingPlaces places(VringAddresses addresses, int size, GuestMemory memory) throws InvalidRingException {
        if (!isValidSize(size)) {
            throw new InvalidRingException("size " + size + " of a " + this + " ring; allowed: " + validSizes());
        }
        return find(addresses, size, memory);
    }

    /** As operators know it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
