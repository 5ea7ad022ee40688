package io.patchbay.vhost.ring;

import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.memory.GuestRegion;
import io.patchbay.vhost.wire.RegionDescription;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Guest memory of two regions, one directly behind the other: rings, an indirect table and buffers are in the first. */
abstract class TwoRegions {

    static final int PAGE = 4096;
    static final long LOW = 0x10_0000;
    static final long HIGH = LOW + 4 * PAGE;
    static final long TABLE = LOW + PAGE;
    static final long BUFFERS = LOW + 2 * PAGE;

    GuestRegion low;
    GuestRegion high;

    /** The first region. */
    MemorySegment memory;

    @BeforeEach
    void map() throws Exception {
        low = GuestRegion.map(
                new RegionDescription(LOW, 4 * PAGE, 0x7000_0000, 0), SharedMemory.createMemfd("low", 4 * PAGE));
        high = GuestRegion.map(
                new RegionDescription(HIGH, 4 * PAGE, 0x9000_0000L, 0), SharedMemory.createMemfd("high", 4 * PAGE));
        memory = low.memory();
    }

    @AfterEach
    void unmap() {
        low.close();
        high.close();
    }
}
