package io.patchbay.vhost.net;

import io.patchbay.core.linux.Fd;
import io.patchbay.vhost.memory.GuestMemory;
import io.patchbay.vhost.memory.GuestRegion;
import io.patchbay.vhost.memory.InvalidMemoryException;
import io.patchbay.vhost.memory.MemoryPool;
import io.patchbay.vhost.memory.MemoryRules;
import io.patchbay.vhost.session.RefusedException;
import io.patchbay.vhost.wire.RegionDescription;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The guest's memory regions and what becomes of them: mapped before the rings are touched, so that a table that cannot be mapped changes
 * nothing, and unmapped after no worker can see them any more.
 */
final class MemorySlots {

    private final int limit;
    private final MemoryRules rules;
    private volatile GuestMemory memory = GuestMemory.EMPTY;
    private final List<GuestRegion> unused = new ArrayList<>();

    /**
     * Regions that were added again, and how often. QEMU keeps a table for each queue pair and adds and removes every region once for each; the
     * first removal is the one that counts, and so many more are no mistake.
     */
    private final Map<RegionDescription, Integer> repeated = new HashMap<>();

    /** What the table in force, or the one that is about to be, has of the pool. */
    private MemoryPool.Share share = MemoryPool.Share.NONE;

    MemorySlots(int limit, MemoryRules rules) {
        this.limit = limit;
        this.rules = rules;
    }

    private interface Mapping {
        GuestMemory map() throws InvalidMemoryException;
    }

    /** Maps a table for which there is room. */
    private GuestMemory withRoom(List<RegionDescription> regions, Mapping mapping) throws InvalidMemoryException {
        MemoryPool.Share before = share;
        MemoryPool.Share after = rules.share(regions);
        rules.pool().exchange(before, after);
        share = after;
        boolean mapped = false;
        try {
            GuestMemory next = mapping.map();
            mapped = true;
            return next;
        } finally {
            if (!mapped) {
                rules.pool().takeBack(after, before);
                share = before;
            }
        }
    }

    GuestMemory memory() {
        return memory;
    }

    /** A whole new table; a region that is in the present one too stays as it is. Every file becomes a region's or is closed. */
    GuestMemory mapTable(List<RegionDescription> regions, List<Fd> files) throws RefusedException {
        try {
            return withRoom(regions, () -> map(regions, files));
        } catch (InvalidMemoryException e) {
            files.forEach(Fd::close);
            throw new RefusedException(String.valueOf(e.getMessage()), e);
        }
    }

    private GuestMemory map(List<RegionDescription> regions, List<Fd> files) throws InvalidMemoryException {
        List<GuestRegion> table = new ArrayList<>();
        List<GuestRegion> mapped = new ArrayList<>();
        try {
            for (int i = 0; i < regions.size(); i++) {
                RegionDescription description = regions.get(i);
                Fd file = files.get(i);
                Optional<GuestRegion> kept = memory.regions().stream()
                        .filter(region -> region.isOf(description, file))
                        .findFirst();
                if (kept.isPresent()) {
                    file.close();
                    table.add(kept.get());
                } else {
                    mapped.add(GuestRegion.map(description, file));
                    table.add(mapped.getLast());
                }
            }
            return GuestMemory.of(table);
        } catch (InvalidMemoryException e) {
            mapped.forEach(GuestRegion::close);
            throw e;
        }
    }

    /** The present table and one region more; or the present table, if it has that region. */
    GuestMemory mapAddition(RegionDescription region, Fd file) throws RefusedException {
        if (memory.regions().stream().anyMatch(known -> known.isOf(region, file))) {
            file.close();
            if (repeated.size() < limit) {
                repeated.merge(slot(region), 1, Integer::sum);
            }
            return memory;
        }
        if (memory.regions().size() >= limit) {
            file.close();
            throw new RefusedException("more than " + limit + " memory regions");
        }
        List<RegionDescription> descriptions = new ArrayList<>(descriptions(memory));
        descriptions.add(region);
        try {
            return withRoom(descriptions, () -> add(region, file));
        } catch (InvalidMemoryException e) {
            file.close();
            throw new RefusedException(String.valueOf(e.getMessage()), e);
        }
    }

    private GuestMemory add(RegionDescription region, Fd file) throws InvalidMemoryException {
        List<GuestRegion> regions = new ArrayList<>(memory.regions());
        GuestRegion added = GuestRegion.map(region, file);
        try {
            regions.add(added);
            return GuestMemory.of(regions);
        } catch (InvalidMemoryException e) {
            added.close();
            throw e;
        }
    }

    private static List<RegionDescription> descriptions(GuestMemory memory) {
        return memory.regions().stream().map(GuestRegion::description).toList();
    }

    /** The present table without one region. */
    GuestMemory without(RegionDescription gone) throws RefusedException {
        List<GuestRegion> left = memory.regions().stream()
                .filter(region -> !sameSlot(region.description(), gone))
                .toList();
        if (left.size() == memory.regions().size()) {
            if (repeated.computeIfPresent(slot(gone), (slot, times) -> times - 1) != null) {
                repeated.values().removeIf(times -> times == 0);
                return memory;
            }
            throw new RefusedException(String.format(
                    "no memory region has guest address 0x%x, user address 0x%x and size 0x%x",
                    gone.guestAddress(), gone.userAddress(), gone.size()));
        }
        try {
            return withRoom(left.stream().map(GuestRegion::description).toList(), () -> GuestMemory.of(left));
        } catch (InvalidMemoryException e) {
            throw new IllegalStateException("regions that did not overlap do so now", e);
        }
    }

    /** The region, without the file offset, which does not matter for its removal. */
    private static RegionDescription slot(RegionDescription region) {
        return new RegionDescription(region.guestAddress(), region.size(), region.userAddress(), 0);
    }

    private static boolean sameSlot(RegionDescription a, RegionDescription b) {
        return a.guestAddress() == b.guestAddress() && a.userAddress() == b.userAddress() && a.size() == b.size();
    }

    /** Another front end comes; there is no memory. */
    void forget() {
        repeated.clear();
        rules.pool().takeBack(share, MemoryPool.Share.NONE);
        share = MemoryPool.Share.NONE;
    }

    /** Puts a table in force. Regions it does not have are closed by {@link #closeUnused}. */
    void replace(GuestMemory next) {
        for (GuestRegion region : memory.regions()) {
            if (!next.regions().contains(region)) {
                unused.add(region);
            }
        }
        memory = next;
    }

    /** Unmaps what no table has any more. Only while no worker has any ring. */
    void closeUnused() {
        unused.forEach(GuestRegion::close);
        unused.clear();
    }

    List<VhostDetails.Region> view() {
        return memory.regions().stream()
                .map(region -> new VhostDetails.Region(
                        String.format("0x%x", region.description().guestAddress()),
                        String.format("0x%x", region.description().userAddress()),
                        region.description().size(),
                        region.sealed()))
                .toList();
    }
}
