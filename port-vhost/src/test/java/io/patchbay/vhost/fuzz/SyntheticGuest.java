package io.patchbay.vhost.fuzz;

import io.patchbay.core.linux.SharedMemory;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.GuestRegion;
import io.patchbay.vhost.memory.InvalidMemoryException;
import io.patchbay.vhost.ring.PackedRingDescriptor;
import io.patchbay.vhost.ring.RingPlaces;
import io.patchbay.vhost.ring.SplitRingDescriptor;
import io.patchbay.vhost.wire.RegionDescription;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Guest memory without a guest, into which a fuzzer's input is written.
 *
 * <pre>
 *   0x10000  ring (one page each part), table, buffers     0x20000 the next region, directly behind        0x40000 one apart
 * </pre>
 */
public final class SyntheticGuest {

    private static final int REGION = 0x1_0000;
    private static final int PAGE = 4096;
    private static final long[] STARTS = {0x1_0000, 0x2_0000, 0x4_0000};
    private static final long[] EDGES = {
        0x1_4000, 0x1_fff0, 0x2_0000, 0x2_ffff, 0x3_0000, 0x4_0000, 0x4_fffe, 0, -1, -16
    };
    private static final int TABLE = 3 * PAGE;

    private final List<GuestRegion> regions;
    private final GuestMemory memory;
    private final MemorySegment first;

    public SyntheticGuest() {
        try {
            regions = List.of(region(0), region(1), region(2));
            memory = GuestMemory.of(regions);
        } catch (InvalidMemoryException e) {
            throw new IllegalStateException(e);
        }
        first = regions.getFirst().memory();
    }

    private static GuestRegion region(int i) throws InvalidMemoryException {
        return GuestRegion.map(
                new RegionDescription(STARTS[i], REGION, 0x7000_0000L + STARTS[i], 0),
                SharedMemory.createMemfd("fuzz", REGION));
    }

    public GuestMemory memory() {
        return memory;
    }

    public void clear() {
        regions.forEach(region -> region.memory().fill((byte) 0));
    }

    public RingPlaces ring(int size) {
        return new RingPlaces(
                first.asSlice(0, SplitRingDescriptor.descriptorsBytes(size)),
                first.asSlice(PAGE, SplitRingDescriptor.availableBytes(size)),
                first.asSlice(2 * PAGE, SplitRingDescriptor.usedBytes(size)));
    }

    public RingPlaces packedRing(int size) {
        return new RingPlaces(
                first.asSlice(0, PackedRingDescriptor.descriptorsBytes(size)),
                first.asSlice(PAGE, PackedRingDescriptor.EVENT_BYTES),
                first.asSlice(2 * PAGE, PackedRingDescriptor.EVENT_BYTES));
    }

    /** One write of the guest's, as the input wants it. */
    public void write(Input input, int size) {
        switch (input.u8() % 6) {
            case 0 -> descriptor(0, input.u8() % size, input);
            case 1 -> descriptor(TABLE, input.u8() % 64, input);
            case 2 ->
                first.set(ValueLayout.JAVA_SHORT, PAGE + SplitRingDescriptor.availableEntry(input.u8() % size), (short)
                        input.u8());
            case 3 -> first.set(ValueLayout.JAVA_SHORT, PAGE + 2, (short) (available() + input.u8() % (size + 2)));
            case 4 -> first.set(ValueLayout.JAVA_BYTE, input.u16(), (byte) input.u8());
            default -> {
                byte[] data = input.bytes(input.u8());
                MemorySegment.copy(data, 0, first, ValueLayout.JAVA_BYTE, 4 * PAGE, data.length);
            }
        }
    }

    /** A descriptor of a packed ring. */
    public void packedDescriptor(int index, int id, int flags, Input input) {
        int kind = input.u8();
        long length = (kind & 64) == 0 ? input.u8() : input.s32() & 0xffff_ffffL;
        first.set(ValueLayout.JAVA_LONG, 16L * index, address(kind, input));
        first.set(ValueLayout.JAVA_LONG, 16L * index + 8, length | (long) id << 32 | (long) flags << 48);
    }

    private int available() {
        return first.get(ValueLayout.JAVA_SHORT, PAGE + 2);
    }

    private void descriptor(int table, int index, Input input) {
        int kind = input.u8();
        long address = address(kind, input);
        long length = (kind & 64) == 0 ? input.u8() : input.s32() & 0xffff_ffffL;
        int flags = input.u8() & 7;
        first.set(ValueLayout.JAVA_LONG, table + 16L * index, address);
        first.set(
                ValueLayout.JAVA_LONG, table + 16L * index + 8, length | (long) flags << 32 | (long) input.u8() << 48);
    }

    private static long address(int kind, Input input) {
        long address =
                kind < 128 ? 0x1_4000 + input.u16() % 0xb000 : kind < 250 ? EDGES[kind % EDGES.length] : input.s64();
        return (kind & 7) == 7 ? STARTS[0] + TABLE + 16L * (kind >> 3) : address;
    }
}
