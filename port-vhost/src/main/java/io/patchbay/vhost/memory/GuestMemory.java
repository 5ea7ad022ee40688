package io.patchbay.vhost.memory;

import io.patchbay.vhost.wire.RegionDescription;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * The regions of one guest at one time: an immutable table, replaced as a whole, that turns addresses into bytes.
 *
 * <p>It does not own the regions; who takes one out of use closes it.
 */
public final class GuestMemory {

    /** A guest without memory. */
    public static final GuestMemory EMPTY = new GuestMemory(List.of());

    /** What {@link #find} answers for an address outside every region. */
    public static final int OUTSIDE = -1;

    private final List<GuestRegion> regions;
    private final long[] start;
    private final long[] size;
    private final MemorySegment[] memory;

    private GuestMemory(List<GuestRegion> sorted) {
        regions = sorted;
        int n = sorted.size();
        start = new long[n];
        size = new long[n];
        memory = new MemorySegment[n];
        for (int i = 0; i < n; i++) {
            RegionDescription region = sorted.get(i).description();
            start[i] = region.guestAddress();
            size[i] = region.size();
            memory[i] = sorted.get(i).memory();
        }
    }

    /**
     * @throws InvalidMemoryException if two regions overlap, in guest-physical or in front-end addresses
     */
    public static GuestMemory of(List<GuestRegion> regions) throws InvalidMemoryException {
        for (int i = 0; i < regions.size(); i++) {
            for (int j = 0; j < i; j++) {
                if (regions.get(i).overlaps(regions.get(j))) {
                    throw new InvalidMemoryException(regions.get(i) + " overlaps " + regions.get(j));
                }
            }
        }
        List<GuestRegion> sorted = new ArrayList<>(regions);
        sorted.sort(Comparator.comparing(region -> region.description().guestAddress(), Long::compareUnsigned));
        return new GuestMemory(List.copyOf(sorted));
    }

    /** By guest-physical address, lowest first. */
    public List<GuestRegion> regions() {
        return regions;
    }

    /**
     * The number of the region that holds a guest-physical address, or {@link #OUTSIDE}.
     *
     * @param hint the last answer, or anything: neighbouring descriptors mostly lie in one region
     */
    public int find(long address, int hint) {
        // BOUNDS: sizes are positive, so as unsigned numbers address - start < size says all: not below, not past the
        // end.
        if (hint >= 0 && hint < start.length && Long.compareUnsigned(address - start[hint], size[hint]) < 0) {
            return hint;
        }
        int low = 0;
        int high = start.length - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (Long.compareUnsigned(address, start[middle]) < 0) {
                high = middle - 1;
            } else if (Long.compareUnsigned(address - start[middle], size[middle]) < 0) {
                return middle;
            } else {
                low = middle + 1;
            }
        }
        return OUTSIDE;
    }

    /** Whether there is a region of that number. */
    public boolean has(int region) {
        return region < start.length;
    }

    /** The guest-physical address at which a region begins. */
    public long start(int region) {
        return start[region];
    }

    /** How many bytes a region has; positive. */
    public long bytes(int region) {
        return size[region];
    }

    /** The bytes of a region. */
    public MemorySegment memory(int region) {
        return memory[region];
    }

    /** Where in {@link #memory} a guest-physical address lies; {@code region} must hold the address. */
    public long offset(int region, long address) {
        return address - start[region];
    }

    /** Bytes from that offset to the end of the region. */
    public long room(int region, long offset) {
        return size[region] - offset;
    }

    /**
     * A piece of memory by front-end address, which must lie in one region as a whole: a ring.
     *
     * @param length bytes, above 0
     */
    public Optional<MemorySegment> byUserAddress(long address, long length) {
        for (GuestRegion region : regions) {
            long offset = address - region.description().userAddress();
            long regionSize = region.description().size();
            if (Long.compareUnsigned(offset, regionSize) < 0 && length <= regionSize - offset) {
                return Optional.of(region.memory().asSlice(offset, length));
            }
        }
        return Optional.empty();
    }

    /** The newest {@link GuestRegion#changedMillis} of all regions. */
    public long changedMillis() {
        return regions.stream().mapToLong(GuestRegion::changedMillis).max().orElse(Long.MIN_VALUE);
    }

    /**
     * The guest-physical address of a byte that this table gave out: {@link #find} backwards.
     *
     * @param base a region's memory, or a slice of it
     */
    public long guestAddress(MemorySegment base, long offset) {
        long at = base.address() + offset;
        for (int i = 0; i < memory.length; i++) {
            long inRegion = at - memory[i].address();
            if (Long.compareUnsigned(inRegion, size[i]) < 0) {
                return start[i] + inRegion;
            }
        }
        throw new IllegalArgumentException("a buffer that is in no memory region");
    }

    /** Whether every region's file still covers it. */
    public boolean intact() {
        return regions.stream().allMatch(GuestRegion::intact);
    }
}
