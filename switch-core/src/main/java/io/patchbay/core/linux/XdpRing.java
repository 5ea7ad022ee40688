package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * One of the four rings of an AF_XDP socket: entries from one producer to one consumer, us and the kernel or the other way round. Indices count up for
 * ever and wrap round at 2^32; an entry's place is the index modulo the size, a power of two.
 */
final class XdpRing {

    private static final VarHandle INT = JAVA_INT.varHandle();

    private final MemorySegment memory;
    private final long producer;
    private final long consumer;
    private final long entries;
    private final int mask;

    /**
     * Maps a ring.
     *
     * @param offsets where its fields are: the kernel's {@code xdp_ring_offset}
     * @param size entries, a power of two
     * @param entryBytes of each
     */
    XdpRing(Fd socket, long pageOffset, MemorySegment offsets, int size, int entryBytes, Arena arena) {
        producer = offsets.get(JAVA_LONG, XdpDescriptor.RING_PRODUCER);
        consumer = offsets.get(JAVA_LONG, XdpDescriptor.RING_CONSUMER);
        entries = offsets.get(JAVA_LONG, XdpDescriptor.RING_DESCRIPTORS);
        mask = size - 1;
        memory = SharedMemory.map(socket, pageOffset, entries + (long) size * entryBytes, arena);
    }

    /** How far the producer has come. What it has written before is visible. */
    int produced() {
        return (int) INT.getAcquire(memory, producer);
    }

    /** How far the consumer has come. */
    int consumed() {
        return (int) INT.getAcquire(memory, consumer);
    }

    /** Hands over all entries before that index. */
    void produce(int index) {
        INT.setRelease(memory, producer, index);
    }

    /** Gives back the places of all entries before that index. */
    void consume(int index) {
        INT.setRelease(memory, consumer, index);
    }

    long chunk(int index) {
        return memory.get(JAVA_LONG, entries + (long) (index & mask) * XdpDescriptor.CHUNK_BYTES);
    }

    void setChunk(int index, long address) {
        memory.set(JAVA_LONG, entries + (long) (index & mask) * XdpDescriptor.CHUNK_BYTES, address);
    }

    long frameAddress(int index) {
        return memory.get(JAVA_LONG, frame(index) + XdpDescriptor.FRAME_ADDRESS);
    }

    int frameLength(int index) {
        return memory.get(JAVA_INT, frame(index) + XdpDescriptor.FRAME_LENGTH);
    }

    void setFrame(int index, long address, int length) {
        long at = frame(index);
        memory.set(JAVA_LONG, at + XdpDescriptor.FRAME_ADDRESS, address);
        memory.set(JAVA_INT, at + XdpDescriptor.FRAME_LENGTH, length);
        memory.set(JAVA_INT, at + XdpDescriptor.FRAME_OPTIONS, 0);
    }

    private long frame(int index) {
        return entries + (long) (index & mask) * XdpDescriptor.FRAME_BYTES;
    }
}
