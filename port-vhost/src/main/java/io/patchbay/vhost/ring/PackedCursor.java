package io.patchbay.vhost.ring;

/**
 * Where one side of a packed virtqueue stands as it goes round: at a descriptor, with a wrap counter that turns each time the end is passed (virtio 1.3
 * §2.8.1).
 */
final class PackedCursor {

    private final int size;
    private int index;
    private boolean wrap;

    /** @param position where it begins; its index must be below {@code size} */
    PackedCursor(int size, int position) {
        this.size = size;
        this.index = PackedRingDescriptor.index(position);
        this.wrap = PackedRingDescriptor.wrap(position);
    }

    int index() {
        return index;
    }

    boolean wrap() {
        return wrap;
    }

    int position() {
        return PackedRingDescriptor.position(index, wrap);
    }

    /** How many of the next {@code n} descriptors come before the end of the ring. */
    int untilEnd(int n) {
        return Math.min(n, size - index);
    }

    /** Goes on by {@code n} descriptors, at most once round. */
    void pass(int n) {
        index += n;
        if (index >= size) {
            index -= size;
            wrap = !wrap;
        }
    }
}
