package io.patchbay.vhost.ring;

import static io.patchbay.vhost.ring.PackedRingDescriptor.EVENT_FLAGS_DESC;
import static io.patchbay.vhost.ring.PackedRingDescriptor.EVENT_FLAGS_DISABLE;
import static io.patchbay.vhost.ring.PackedRingDescriptor.EVENT_FLAGS_ENABLE;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U32;

import java.lang.foreign.MemorySegment;

/**
 * The event suppression structures of a packed virtqueue (virtio 1.3 §2.8.10): what the driver says of calls, and the device of kicks.
 *
 * <p>In the device's, our position is left for whoever resumes the queue (package io.patchbay.vhost.ring).
 */
final class PackedEvents {

    private final int size;
    private final boolean eventIdx;
    private final MemorySegment driver;
    private final MemorySegment device;

    /** What was last said of kicks. */
    private int kicks = EVENT_FLAGS_DISABLE;

    /** @param eventIdx whether VIRTIO_F_EVENT_IDX was negotiated */
    PackedEvents(int size, boolean eventIdx, MemorySegment driver, MemorySegment device) {
        this.size = size;
        this.eventIdx = eventIdx;
        this.driver = driver;
        this.device = device;
    }

    /** Whether the driver wants to be told that the last {@code moved} descriptors before a position were used. */
    boolean wantsCall(int position, int moved) {
        // Both fields in one load, so that they belong together.
        int event = driver.get(U32, 0);
        int flags = event >>> 16 & 3;
        if (eventIdx && flags == EVENT_FLAGS_DESC) {
            return PackedRingDescriptor.passes(event & 0xffff, position, moved, size);
        }
        return flags != EVENT_FLAGS_DISABLE;
    }

    /**
     * Asks for a kick.
     *
     * @param next the position to be passed
     * @param shown the position the driver knows
     */
    void enableKicks(int next, int shown) {
        if (eventIdx) {
            kicks = EVENT_FLAGS_DESC;
            device.set(U32, 0, next | kicks << 16);
        } else {
            kicks = EVENT_FLAGS_ENABLE;
            note(shown);
        }
    }

    /** Says that kicks are not needed. */
    void disableKicks(int shown) {
        kicks = EVENT_FLAGS_DISABLE;
        note(shown);
    }

    /** Leaves the position the driver knows where drivers look only if they are to kick when they pass one: then it is what they find there. */
    void note(int shown) {
        if (kicks != EVENT_FLAGS_DESC) {
            device.set(U32, 0, PackedResume.mark(shown, size) | kicks << 16);
        }
    }
}
