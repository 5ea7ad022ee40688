package io.patchbay.core.control;

/**
 * The switch's sums over all ports.
 *
 * @param received frames that came in
 * @param injected frames the control side made, such as announcements
 * @param floodCopies deliveries beyond the first that floods caused
 * @param delivered frames that went out
 * @param dropped frames dropped, for all reasons
 */
public record Totals(long received, long injected, long floodCopies, long delivered, long dropped) {

    /** Whether every frame is accounted for. True whenever the workers stand still. */
    public boolean balance() {
        return received + injected + floodCopies == delivered + dropped;
    }
}
