package io.patchbay.vhost.ring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;

/**
 * The driver's half of the specification, written down as plainly as can be: it searches where the device computes, and shares no arithmetic
 * with it.
 */
abstract class DriverModel {

    static final long GUEST_ADDRESS = 0x4000_0000L;
    static final int MEMORY_BYTES = 1 << 20;
    private static final int TABLES = 1 << 18;
    private static final int BUFFERS = 1 << 19;
    static final int MAX_PIECES = 5;

    static final int NEXT = 1;
    static final int WRITE = 2;
    static final int INDIRECT = 4;

    record Piece(long address, int length) {}

    /**
     * A chain the driver has made.
     *
     * @param descriptors how many it takes in the ring
     */
    record Offer(int id, List<Piece> pieces, int descriptors) {}

    record Used(int id, int written) {}

    final MemorySegment memory;
    final int size;
    final RingFeatures features;
    final boolean writable;

    DriverModel(MemorySegment memory, int size, RingFeatures features, boolean writable) {
        this.memory = memory;
        this.size = size;
        this.features = features;
        this.writable = writable;
    }

    abstract RingPlaces places();

    /** Whether a chain of so many descriptors fits. */
    abstract boolean hasRoom(int descriptors);

    /** Makes a chain, seen by the device at once or at the next {@link #show}. */
    abstract Offer offer(List<Piece> pieces, boolean viaTable);

    /** Shows the device what was offered, and says whether it must be kicked. */
    abstract boolean show();

    /** Says anew, at random, which notifications are wanted. */
    abstract void setInterest(Random random);

    /** Whether the device, which makes these used at once, must notify. */
    abstract boolean mustBeNotified(List<Offer> used);

    /** Everything the device has used since last time. */
    abstract List<Used> reap(List<Offer> outstanding);

    static Piece randomPiece(Random random) {
        int length = random.nextInt(300);
        return new Piece(GUEST_ADDRESS + BUFFERS + random.nextInt(MEMORY_BYTES - BUFFERS - length), length);
    }

    long tableOf(int id) {
        return TABLES + (long) id * MAX_PIECES * 16;
    }

    int directionFlag() {
        return writable ? WRITE : 0;
    }

    int u16(long at) {
        return memory.get(ValueLayout.JAVA_SHORT, at) & 0xffff;
    }

    void u16(long at, int value) {
        memory.set(ValueLayout.JAVA_SHORT, at, (short) value);
    }

    int u32(long at) {
        return memory.get(ValueLayout.JAVA_INT, at);
    }

    void u32(long at, int value) {
        memory.set(ValueLayout.JAVA_INT, at, value);
    }

    /** Writes the part of a descriptor that both layouts have in the same place. */
    void buffer(long at, Piece piece) {
        memory.set(ValueLayout.JAVA_LONG, at, piece.address());
        u32(at + 8, piece.length());
    }
}
