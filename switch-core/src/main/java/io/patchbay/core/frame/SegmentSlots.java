package io.patchbay.core.frame;

import java.lang.foreign.MemorySegment;

/** Stores of references on the data path. */
public final class SegmentSlots {

    private SegmentSlots() {}

    /**
     * {@code slots[i] = segment}, without the store if nothing would change. A store of a reference marks a card for the collector, in a line
     * that many such stores share; and the memory of one guest is mostly one segment, burst after burst.
     */
    @SuppressWarnings({"MemorySegmentReferenceEquality", "ReferenceEquality"})
    public static void put(MemorySegment[] slots, int i, MemorySegment segment) {
        // Asked is whether the store would change the slot, not whether two segments are equal.
        if (slots[i] != segment) {
            slots[i] = segment;
        }
    }
}
