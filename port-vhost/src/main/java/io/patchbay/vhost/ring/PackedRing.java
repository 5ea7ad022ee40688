package io.patchbay.vhost.ring;

import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_ADDRESS;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_BYTES;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_FLAGS;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_REST;
import static io.patchbay.vhost.ring.PackedRingDescriptor.EVENT_FLAGS_DESC;
import static io.patchbay.vhost.ring.PackedRingDescriptor.EVENT_FLAGS_DISABLE;
import static io.patchbay.vhost.ring.PackedRingDescriptor.EVENT_FLAGS_ENABLE;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_INDIRECT;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_NEXT;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_WRITE;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U16;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U32;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U64;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U64_ANYWHERE;

import io.patchbay.vhost.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A packed virtqueue (virtio 1.3 §2.8).
 *
 * <p>Where a chain ends is decided once, when its head is seen to be available, and kept until the chain is used: what a guest does to
 * NEXT flags after that changes nothing.
 *
 * <p>Flags are read as 16 bits and only ever tested, never computed with; what becomes an id or a length is read as 64 bits (package
 * io.patchbay.vhost.memory).
 */
public final class PackedRing implements DeviceRing {

    private static final VarHandle ACQUIRE_U16 = U16.varHandle();

    /** In an {@link #extents} entry: the first descriptor below, the number of descriptors above. */
    private static final int EXTENT_COUNT_SHIFT = 15;

    /** In the second half of a descriptor, the flags by which one buffer differs from anything else. Of NEXT {@link #extents} know. */
    private static final long FLAGS_THAT_MATTER = (long) (FLAG_WRITE | FLAG_INDIRECT) << 48;

    private final int size;
    private final boolean eventIdx;
    private final boolean indirect;
    private final boolean batches;
    private final MemorySegment descriptors;
    private final MemorySegment driverEvent;
    private final MemorySegment deviceEvent;
    private final GuestMemory memory;
    private final GuestBuffers buffers;
    private int lastTableRegion;

    /** The chains seen and not yet used, in order, by running number; each is at least one descriptor, so there are at most {@link #size}. */
    private final int[] extents;

    private final int extentsMask;

    /** Second halves of the used descriptors that are not shown yet, each where its chain's extent is. */
    private final long[] usedRests;

    private int nextChain;
    private int nextToUse;
    private int nextToShow;
    private int known;
    /** Descriptors of the chains seen and not yet shown as used. */
    private int held;

    /** The next descriptor to be looked at for a head. */
    private int scan;

    private boolean scanWrap;
    private boolean endless;

    private int used;
    private boolean usedWrap;

    /** Where the driver knows us to be. */
    private int shown;

    /** Descriptors passed since the last publication. */
    private int moved;

    /** Of the buffer used last, where batches are shown by that. */
    private int lastId;

    /** What was last said of kicks. */
    private int kicks = EVENT_FLAGS_DISABLE;

    private String whyBroken = "";
    private RingLog log = RingLog.OFF;

    /**
     * @param places where the three parts are; exactly as long as {@link PackedRingDescriptor} says
     * @param at the position of the next descriptor to be consumed and used; its index must be below {@code size}
     */
    public PackedRing(int size, RingPlaces places, RingFeatures features, int at, GuestMemory memory) {
        this.size = size;
        this.eventIdx = features.eventIdx();
        this.indirect = features.indirect();
        this.batches = features.usedInBatches();
        this.descriptors = places.descriptors();
        this.driverEvent = places.available();
        this.deviceEvent = places.used();
        this.memory = memory;
        this.buffers = new GuestBuffers(memory);
        int capacity = Math.max(1, Integer.highestOneBit(size - 1) << 1);
        this.extents = new int[capacity];
        this.extentsMask = capacity - 1;
        this.usedRests = new long[batches ? 0 : capacity];
        this.scan = PackedRingDescriptor.index(at);
        this.scanWrap = PackedRingDescriptor.wrap(at);
        this.used = scan;
        this.usedWrap = scanWrap;
        this.shown = at;
    }

    /**
     * Where a queue resumes, given what SET_VRING_BASE said: at the used position, since completion is in order.
     *
     * <p>DPDK gives the available position alone, and means that both are there. A used half of 0 is also what a queue says that stands at
     * descriptor 0 in an even round; which of the two it is, the ring itself tells, because what was not used is still available there.
     *
     * @throws InvalidRingException if the position lies outside the ring
     */
    public static int resumeAt(long base, int size, RingPlaces places) throws InvalidRingException {
        int available = (int) base & 0xffff;
        int used = (int) (base >>> 16) & 0xffff;
        int at = used;
        if (used == 0 && available != 0) {
            int flags = places.descriptors().get(U16, DESCRIPTOR_FLAGS);
            at = PackedRingDescriptor.isAvailable(flags, false) ? used : available;
        }
        if (PackedRingDescriptor.index(at) >= size) {
            throw new InvalidRingException(
                    String.format("base 0x%x is outside a ring of %d descriptors", base & 0xffff_ffffL, size));
        }
        return at;
    }

    @Override
    public void logTo(RingLog to) {
        log = to;
    }

    @Override
    public int size() {
        return size;
    }

    @Override
    public int available(int wanted) {
        return known >= wanted ? known : look(wanted);
    }

    private int look(int wanted) {
        while (known < wanted && held < size && !endless) {
            // ORDER: acquire, so that the rest of the chain is at least as new as the flags of its head.
            int flags = (short) ACQUIRE_U16.getAcquire(descriptors, flagsOf(scan));
            if (!PackedRingDescriptor.isAvailable(flags, scanWrap)) {
                break;
            }
            int count = countFrom(scan, flags);
            if (count == 0) {
                endless = true;
                whyBroken = "a descriptor chain is longer than the ring, or than any frame";
                break;
            }
            extents[nextChain + known & extentsMask] = scan | count << EXTENT_COUNT_SHIFT;
            known++;
            held += count;
            scan += count;
            if (scan >= size) {
                scan -= size;
                scanWrap = !scanWrap;
            }
        }
        return known == 0 && endless ? BROKEN : known;
    }

    /**
     * Descriptors of the chain that begins here; 0 if it does not end before what is held already begins, or within what a frame can have:
     * there is nothing to be had from it that would be worth the search.
     */
    private int countFrom(int head, int headFlags) {
        int room = Math.min(size - held, Chain.MAX_SEGMENTS);
        int flags = headFlags;
        int index = head;
        for (int count = 1; count <= room; count++) {
            if ((flags & FLAG_NEXT) == 0) {
                return count;
            }
            index = index + 1 == size ? 0 : index + 1;
            flags = descriptors.get(U16, flagsOf(index));
        }
        return 0;
    }

    private static long flagsOf(int index) {
        return (long) index * DESCRIPTOR_BYTES + DESCRIPTOR_FLAGS;
    }

    @Override
    public void readBatch(int chains, boolean writable, ChainBatch batch) {
        // Two sweeps, the first of which does nothing but load, as in a split ring.
        for (int i = 0; i < chains; i++) {
            // BOUNDS: the first descriptor of an extent is < size.
            long at = (long) firstOf(extents[nextChain + i & extentsMask]) * DESCRIPTOR_BYTES;
            batch.address[i] = descriptors.get(U64, at + DESCRIPTOR_ADDRESS);
            batch.rest[i] = descriptors.get(U64, at + DESCRIPTOR_REST);
        }
        long plain = writable ? (long) FLAG_WRITE << 48 : 0;
        for (int i = 0; i < chains; i++) {
            long rest = batch.rest[i];
            int id = idOf(rest);
            batch.setHead(i, id);
            boolean simple = countOf(extents[nextChain + i & extentsMask]) == 1
                    && id < size
                    && (rest & FLAGS_THAT_MATTER) == plain
                    && buffers.set(i, batch.address[i], length(rest), batch);
            if (!simple) {
                batch.setNotSimple(i);
            }
        }
    }

    private static int firstOf(int extent) {
        return extent & PackedRingDescriptor.MAX_SIZE - 1;
    }

    private static int countOf(int extent) {
        return extent >>> EXTENT_COUNT_SHIFT;
    }

    private static int idOf(long rest) {
        return (int) (rest >>> 32) & 0xffff;
    }

    @Override
    public ChainResult read(int ahead, boolean writable, Chain chain) {
        int extent = extents[nextChain + ahead & extentsMask];
        int index = firstOf(extent);
        int count = countOf(extent);
        int last = index + count - 1;
        last = last < size ? last : last - size;
        // BOUNDS: index and last < size, and the ring is size descriptors long. Each half of a descriptor is read once.
        long lastRest = descriptors.get(U64, (long) last * DESCRIPTOR_BYTES + DESCRIPTOR_REST);
        int id = idOf(lastRest);
        if (id >= size) {
            whyBroken = "a descriptor chain has the buffer id " + id + ", and the ring has " + size;
            return ChainResult.BROKEN;
        }
        if (!chain.begin(id)) {
            return ChainResult.TOO_LONG;
        }
        for (int left = count; left > 1; left--) {
            long rest = descriptors.get(U64, (long) index * DESCRIPTOR_BYTES + DESCRIPTOR_REST);
            // A table stands alone, never in a chain (§2.8.19).
            ChainResult added = isIndirect(rest) ? ChainResult.BAD : addDescriptor(index, rest, writable, chain);
            if (added != ChainResult.OK) {
                return added;
            }
            index = index + 1 == size ? 0 : index + 1;
        }
        if (isIndirect(lastRest)) {
            return indirect && count == 1
                    ? addTable(descriptors.get(U64, (long) last * DESCRIPTOR_BYTES), length(lastRest), writable, chain)
                    : ChainResult.BAD;
        }
        return addDescriptor(last, lastRest, writable, chain);
    }

    private static boolean isIndirect(long rest) {
        return (rest >>> 48 & FLAG_INDIRECT) != 0;
    }

    private static long length(long rest) {
        return rest & 0xffff_ffffL;
    }

    private ChainResult addDescriptor(int index, long rest, boolean writable, Chain chain) {
        long address = descriptors.get(U64, (long) index * DESCRIPTOR_BYTES + DESCRIPTOR_ADDRESS);
        return buffers.add(address, length(rest), (rest >>> 48 & FLAG_WRITE) != 0, writable, chain);
    }

    /** An indirect table: its descriptors follow one another, and of their flags only WRITE means anything (§2.8.7). */
    private ChainResult addTable(long table, long tableBytes, boolean writable, Chain chain) {
        long count = tableBytes / DESCRIPTOR_BYTES;
        if (count == 0 || count * DESCRIPTOR_BYTES != tableBytes) {
            return ChainResult.BAD;
        }
        int region = lastTableRegion;
        // However long the table, the loop ends with TOO_LONG when the chain is full.
        for (long i = 0; i < count; i++) {
            long at = table + i * DESCRIPTOR_BYTES;
            region = memory.find(at, region);
            if (region == GuestMemory.OUTSIDE) {
                return ChainResult.BAD;
            }
            lastTableRegion = region;
            long offset = memory.offset(region, at);
            // A table may cross from one region into the next, a descriptor not: regions are made of pages.
            if (memory.room(region, offset) < DESCRIPTOR_BYTES) {
                return ChainResult.BAD;
            }
            long address = memory.memory(region).get(U64_ANYWHERE, offset + DESCRIPTOR_ADDRESS);
            long rest = memory.memory(region).get(U64_ANYWHERE, offset + DESCRIPTOR_REST);
            ChainResult added = isIndirect(rest)
                    ? ChainResult.BAD
                    : buffers.add(address, length(rest), (rest >>> 48 & FLAG_WRITE) != 0, writable, chain);
            if (added != ChainResult.OK) {
                return added;
            }
        }
        return ChainResult.OK;
    }

    @Override
    public void consume(int n) {
        nextChain += n;
        known -= n;
    }

    @Override
    public void use(int head, int written) {
        int place = nextToUse++ & extentsMask;
        int count = countOf(extents[place]);
        if (batches) {
            lastId = head; // of the batch's last buffer in the end (§2.8.9)
        } else {
            usedRests[place] = rest(written, head, usedFlags(count) | (written > 0 ? FLAG_WRITE : 0));
        }
        moved += count;
        used += count;
        if (used >= size) {
            used -= size;
            usedWrap = !usedWrap;
        }
    }

    private int usedFlags(int count) {
        return PackedRingDescriptor.usedFlags(usedWrap, count);
    }

    private static long rest(int length, int id, int flags) {
        return (length & 0xffff_ffffL) | (long) id << 32 | (long) flags << 48;
    }

    @Override
    public boolean publish() {
        if (moved == 0) {
            return false;
        }
        int first = PackedRingDescriptor.index(shown);
        // Of buffers that nothing was written to drivers ignore the length (§2.8.4); it says how many descriptors a
        // batch had.
        long rest = batches
                ? rest(moved, lastId, PackedRingDescriptor.usedFlags(PackedRingDescriptor.wrap(shown), 1))
                : usedRests[nextToShow & extentsMask];
        if (!batches) {
            writeUsedButFirst();
        }
        if (log.isOn()) {
            logDescriptors(first, batches ? 1 : moved);
        }
        // ORDER: buffers, and every other used descriptor with its flags, before the flags of the first: the driver
        // takes them in order. A fence and a plain store, since release stores can kill the virtual machine if the page
        // has gone (package io.patchbay.vhost.memory). All of the first in one store: if we are killed now, it is as
        // the driver wrote it, or used.
        VarHandle.releaseFence();
        descriptors.set(U64, (long) first * DESCRIPTOR_BYTES + DESCRIPTOR_REST, rest);
        shown = usedPosition();
        // ORDER: noted after it is so; PackedResume can tell what is used and not noted, but not the reverse.
        VarHandle.releaseFence();
        notePosition();
        // ORDER: the flags must be visible before we look whether the driver wants to know of them; the driver does the
        // reverse.
        VarHandle.fullFence();
        if (log.isOn()) {
            log.wroteEvent(0, PackedRingDescriptor.EVENT_BYTES);
            logDescriptors(first, 1);
        }
        int passed = moved;
        moved = 0;
        held -= passed;
        nextToShow = nextToUse;
        // Both fields in one load, so that they belong together.
        int event = driverEvent.get(U32, 0);
        int eventFlags = event >>> 16 & 3;
        if (eventIdx && eventFlags == EVENT_FLAGS_DESC) {
            return PackedRingDescriptor.passes(event & 0xffff, usedPosition(), passed, size);
        }
        return eventFlags != EVENT_FLAGS_DISABLE;
    }

    /**
     * Writes all used descriptors but the first, in one sweep when all are known, and the cache line of the first last: that line is where the
     * driver polls, and each of its looks takes it away from us.
     */
    private void writeUsedButFirst() {
        for (int i = nextToUse - 1; i != nextToShow; i--) {
            int place = i & extentsMask;
            // BOUNDS: the first descriptor of an extent is < size.
            descriptors.set(U64, (long) firstOf(extents[place]) * DESCRIPTOR_BYTES + DESCRIPTOR_REST, usedRests[place]);
        }
    }

    /** Logs descriptors after they were written; those between two that were are in the pages of the same ring. */
    private void logDescriptors(int first, int count) {
        int untilEnd = Math.min(count, size - first);
        log.wrote((long) first * DESCRIPTOR_BYTES, (long) untilEnd * DESCRIPTOR_BYTES);
        log.wrote(0, (long) (count - untilEnd) * DESCRIPTOR_BYTES);
        log.flush();
    }

    private void logEvent() {
        log.wroteEvent(0, PackedRingDescriptor.EVENT_BYTES);
        log.flush();
    }

    /** Leaves our position where drivers look only if they are to kick when they pass one: then it is what they find there. */
    private void notePosition() {
        if (kicks != EVENT_FLAGS_DESC) {
            deviceEvent.set(U32, 0, PackedResume.mark(shown, size) | kicks << 16);
        }
    }

    @Override
    public boolean enableKicks() {
        if (known > 0) {
            return true;
        }
        if (eventIdx) {
            kicks = EVENT_FLAGS_DESC;
            deviceEvent.set(U32, 0, PackedRingDescriptor.position(scan, scanWrap) | kicks << 16);
        } else {
            kicks = EVENT_FLAGS_ENABLE;
            notePosition();
        }
        // ORDER: the request must be visible before the last look; the driver writes its flags before it looks at the
        // request.
        VarHandle.fullFence();
        if (log.isOn()) {
            logEvent();
        }
        return available(1) != 0;
    }

    @Override
    public void disableKicks() {
        kicks = EVENT_FLAGS_DISABLE;
        notePosition();
        if (log.isOn()) {
            logEvent();
        }
    }

    private int usedPosition() {
        return PackedRingDescriptor.position(used, usedWrap);
    }

    @Override
    public long position() {
        return PackedRingDescriptor.base(usedPosition());
    }

    @Override
    public String whyBroken() {
        return whyBroken;
    }
}
