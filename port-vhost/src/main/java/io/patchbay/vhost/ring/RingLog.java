package io.patchbay.vhost.ring;

import io.patchbay.vhost.memory.DirtyPages;
import java.util.Optional;

/**
 * Logs what a device writes into a virtqueue, if that is to be logged (VHOST_VRING_F_LOG). It writes to the used ring of a split virtqueue;
 * to the descriptor ring of a packed one, and to its event suppression area.
 *
 * <p>A ring asks {@link #isOn} once where it publishes, and says nothing here while it is off. The order is that of the kernel's vhost: what
 * was written, then its bit in the log; entries are logged before the index or flag that publishes them is written.
 */
public final class RingLog {

    /** Logs nothing. */
    public static final RingLog OFF = new RingLog(Optional.empty(), 0, 0);

    private final Optional<DirtyPages> pages;
    private final boolean on;
    private final long ring;
    private final long event;

    private RingLog(Optional<DirtyPages> pages, long ring, long event) {
        this.pages = pages;
        this.on = pages.isPresent();
        this.ring = ring;
        this.event = event;
    }

    /**
     * Logs into {@code pages}.
     *
     * @param ring guest-physical address of the used ring, or of the descriptor ring; the log must cover all of it
     * @param event that of the device's event suppression area, where it is no part of the ring
     */
    public static RingLog into(DirtyPages pages, long ring, long event) {
        return new RingLog(Optional.of(pages), ring, event);
    }

    public boolean isOn() {
        return on;
    }

    /** Notes that {@code length} bytes have been written at {@code offset} of the ring. Only while {@link #isOn}. */
    public void wrote(long offset, long length) {
        pages.orElseThrow().add(ring + offset, length);
    }

    /** The same of the event suppression area. */
    public void wroteEvent(long offset, long length) {
        pages.orElseThrow().add(event + offset, length);
    }

    /** Logs what was noted. Only while {@link #isOn}. */
    public void flush() {
        pages.orElseThrow().flush();
    }
}
