package io.patchbay.vhost.net;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.core.port.QueueCounters;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.GuestRegion;
import io.patchbay.vhost.ring.RingFeatures;
import io.patchbay.vhost.ring.RingPlaces;
import io.patchbay.vhost.ring.SplitRing;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.RegionDescription;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** A queue by itself, and a split ring as its guest may fill it: each buffer is in another of two regions than the one before. */
abstract class QueueFixture {

    static final int SIZE = 2048;
    static final int REGION_BYTES = 1 << 23;
    static final int HEADER = NetHeaderDescriptor.BYTES;
    static final int BUFFER_BYTES = 2048;
    static final int WRITE = SplitRingDescriptor.FLAG_WRITE;

    final Arena arena = Arena.ofShared();
    final List<GuestRegion> regions = new ArrayList<>();
    final QueueCounters counters = new QueueCounters();
    final EventFd error = EventFd.create();
    final QueueFault fault = new QueueFault("test", Optional.of(error));
    final Burst burst = new Burst();
    RingPlaces places;
    SplitRing ring;
    int posted;
    int regionsUsed = 2;

    @BeforeEach
    void makeRing() throws Exception {
        for (int i = 0; i < 2; i++) {
            regions.add(GuestRegion.map(
                    new RegionDescription(guestAddress(i), REGION_BYTES, guestAddress(i), 0),
                    SharedMemory.createMemfd("region", REGION_BYTES)));
        }
        places = new RingPlaces(
                arena.allocate(SplitRingDescriptor.descriptorsBytes(SIZE), 16),
                arena.allocate(SplitRingDescriptor.availableBytes(SIZE), 16),
                arena.allocate(SplitRingDescriptor.usedBytes(SIZE), 16));
        ring = new SplitRing(SIZE, places, new RingFeatures(false, false, false), 0, GuestMemory.of(regions));
    }

    @AfterEach
    void close() {
        regions.forEach(GuestRegion::close);
        error.close();
        arena.close();
    }

    static long guestAddress(int region) {
        return (1L + region) << 30;
    }

    /** Posts a buffer, the even ones in the first region and, unless only that is used, the others in the second. */
    void post(int bytes, int flags) {
        post(guestAddress(posted % regionsUsed) + (long) posted * BUFFER_BYTES, bytes, flags);
    }

    void post(long address, int bytes, int flags) {
        descriptor(posted, address, bytes, flags);
        places.available().set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.availableEntry(posted), (short) posted);
        posted++;
        places.available().set(ValueLayout.JAVA_SHORT, SplitRingDescriptor.AVAILABLE_INDEX, (short) posted);
    }

    void descriptor(int index, long address, int bytes, int flags) {
        places.descriptors().set(ValueLayout.JAVA_LONG, 16L * index, address);
        places.descriptors()
                .set(ValueLayout.JAVA_LONG, 16L * index + 8, bytes | (long) flags << 32 | (index + 1L) << 48);
    }

    void postForReceive(int buffers, int bytes) {
        for (int i = 0; i < buffers; i++) {
            post(bytes, WRITE);
        }
    }

    MemorySegment buffer(int i) {
        return regions.get(i % regionsUsed).memory().asSlice((long) i * BUFFER_BYTES, BUFFER_BYTES);
    }

    byte[] bytes(int buffer, int from, int to) {
        return buffer(buffer).asSlice(from, to - from).toArray(ValueLayout.JAVA_BYTE);
    }

    /** How much the device says it has written into the chain that it gave back at that place. */
    int written(int place) {
        return places.used().get(ValueLayout.JAVA_INT, SplitRingDescriptor.usedEntry(place) + Integer.BYTES);
    }

    static byte[] frame(int length, int seed) {
        byte[] frame = new byte[length];
        new Random(seed).nextBytes(frame);
        return frame;
    }

    byte[] add(byte[] frame) {
        MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, frame);
        burst.addSegment(memory, Burst.HEAD_BYTES, frame.length - Burst.HEAD_BYTES);
        burst.endFrame(
                memory.get(ValueLayout.JAVA_LONG_UNALIGNED, 0),
                memory.get(ValueLayout.JAVA_LONG_UNALIGNED, Long.BYTES),
                frame.length);
        return frame;
    }
}
