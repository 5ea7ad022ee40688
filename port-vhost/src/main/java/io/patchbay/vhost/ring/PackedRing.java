package io.patchbay.vhost.ring;

import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_ADDRESS;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_BYTES;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_FLAGS;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_REST;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_INDIRECT;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_USED;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_WRITE;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U16;
import static io.patchbay.vhost.ring.PackedRingDescriptor.U64;

import io.patchbay.vhost.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/**
 * A packed virtqueue (virtio 1.3 §2.8).
 *
 * <p>What becomes an id or a length is read as 64 bits (package io.patchbay.vhost.memory).
 */
public final class PackedRing implements DeviceRing {

    /** In the second half of a descriptor, the flags by which one buffer differs from anything else. Of NEXT {@link #chains} know. */
    private static final long FLAGS_THAT_MATTER = (long) (FLAG_WRITE | FLAG_INDIRECT) << 48;

    private final int size;
    private final boolean indirect;
    private final MemorySegment descriptors;
    private final PackedEvents events;
    private final GuestBuffers buffers;
    private final IndirectTable table;
    private final PackedChains chains;
    private final PackedUsed used;

    private String whyBroken = "";
    private RingLog log = RingLog.OFF;

    /**
     * @param places where the three parts are; exactly as long as {@link PackedRingDescriptor} says
     * @param at the position of the next descriptor to be consumed and used; its index must be below {@code size}
     */
    public PackedRing(int size, RingPlaces places, RingFeatures features, int at, GuestMemory memory) {
        this.size = size;
        this.indirect = features.indirect();
        this.descriptors = places.descriptors();
        this.events = new PackedEvents(size, features.eventIdx(), places.available(), places.used());
        this.buffers = new GuestBuffers(memory);
        this.table = new IndirectTable(memory);
        this.chains = new PackedChains(size, descriptors, at);
        this.used = new PackedUsed(size, features.usedInBatches(), descriptors, at, chains);
    }

    /**
     * Where a queue resumes, given what SET_VRING_BASE said: at the used position, since completion is in order.
     *
     * <p>DPDK gives the available position alone, and means that both are there. A used half of 0 is also what a queue says that stands at
     * descriptor 0 in an even round; which of the two it is, the ring itself tells, because what was not used is still available there.
     *
     * <p>A base of 0 is also what front ends give that know of split rings only (libkrun), for a ring that has never run. Such a one has no descriptor
     * with the flag USED; after a round there is one at least, which the device has used in it, or the driver has made available since.
     *
     * @throws InvalidRingException if the position lies outside the ring
     */
    public static int resumeAt(long base, int size, RingPlaces places) throws InvalidRingException {
        int available = (int) base & 0xffff;
        int used = (int) (base >>> 16) & 0xffff;
        int at = used;
        if (used == 0 && available == 0 && isUntouched(size, places.descriptors())) {
            at = PackedRingDescriptor.FRESH;
        } else if (used == 0 && available != 0) {
            int flags = places.descriptors().get(U16, DESCRIPTOR_FLAGS);
            at = PackedRingDescriptor.isAvailable(flags, false) ? used : available;
        }
        if (PackedRingDescriptor.index(at) >= size) {
            throw new InvalidRingException(
                    String.format("base 0x%x is outside a ring of %d descriptors", base & 0xffff_ffffL, size));
        }
        return at;
    }

    private static boolean isUntouched(int size, MemorySegment descriptors) {
        for (int i = 0; i < size; i++) {
            if ((descriptors.get(U16, (long) i * DESCRIPTOR_BYTES + DESCRIPTOR_FLAGS) & FLAG_USED) != 0) {
                return false;
            }
        }
        return true;
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
        int known = chains.available(wanted);
        if (known == 0 && chains.isEndless()) {
            whyBroken = "a descriptor chain is longer than the ring, or than any frame";
            return BROKEN;
        }
        return known;
    }

    @Override
    public void readBatch(int count, boolean writable, ChainBatch batch) {
        // Two sweeps, the first of which does nothing but load, as in a split ring.
        boolean single = chains.areSingle();
        if (single) {
            int first = PackedChains.first(chains.extent(chains.next()));
            int untilEnd = Math.min(count, size - first);
            readRun(first, batch, 0, untilEnd);
            readRun(0, batch, untilEnd, count - untilEnd);
        } else {
            readFirsts(batch, count);
        }
        buffers.findAll(count, size, FLAGS_THAT_MATTER, writable ? (long) FLAG_WRITE << 48 : 0, batch);
        for (int i = 0; i < count && !single; i++) {
            if (PackedChains.count(chains.extent(chains.next() + i)) != 1) {
                batch.setNotSimple(i);
            }
        }
    }

    private void readFirsts(ChainBatch batch, int count) {
        for (int i = 0; i < count; i++) {
            readRun(PackedChains.first(chains.extent(chains.next() + i)), batch, i, 1);
        }
    }

    /** Reads descriptors that do not go round the end of the ring: for chain {@code to} of the batch, and the next. */
    private void readRun(int first, ChainBatch batch, int to, int n) {
        // BOUNDS: the first descriptor of an extent is < size. Written so that the compiler checks a run at once.
        long start = (long) first * DESCRIPTOR_BYTES;
        for (int i = 0; i < n; i++) {
            long at = start + (long) i * DESCRIPTOR_BYTES;
            long rest = descriptors.get(U64, at + DESCRIPTOR_REST);
            batch.put(to + i, idOf(rest), descriptors.get(U64, at + DESCRIPTOR_ADDRESS), rest);
        }
    }

    private static int idOf(long rest) {
        return (int) (rest >>> 32) & 0xffff;
    }

    @Override
    public ChainResult read(int ahead, boolean writable, Chain chain) {
        int extent = chains.extent(chains.next() + ahead);
        int index = PackedChains.first(extent);
        int count = PackedChains.count(extent);
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
    private ChainResult addTable(long address, long tableBytes, boolean writable, Chain chain) {
        long count = table.begin(address, tableBytes);
        if (count == 0) {
            return ChainResult.BAD;
        }
        // However long the table, the loop ends with TOO_LONG when the chain is full.
        for (long i = 0; i < count; i++) {
            if (!table.read(i) || isIndirect(table.rest())) {
                return ChainResult.BAD;
            }
            long rest = table.rest();
            ChainResult added =
                    buffers.add(table.address(), length(rest), (rest >>> 48 & FLAG_WRITE) != 0, writable, chain);
            if (added != ChainResult.OK) {
                return added;
            }
        }
        return ChainResult.OK;
    }

    @Override
    public void consume(int n) {
        chains.consume(n);
    }

    @Override
    public void use(int head, int written) {
        used.add(head, written);
    }

    @Override
    public void use(ChainBatch batch, int from, int n) {
        chains.consume(n);
        used.addAll(batch, from, n);
    }

    @Override
    public boolean publish() {
        int moved = used.moved();
        if (moved == 0) {
            return false;
        }
        int first = used.first();
        if (log.isOn()) {
            logDescriptors(first, used.written());
        }
        // ORDER: buffers, and every other used descriptor with its flags, before the flags of the first: the driver
        // takes them in order. A fence and a plain store, since release stores can kill the virtual machine if the page
        // has gone (package io.patchbay.vhost.memory).
        VarHandle.releaseFence();
        used.show();
        // ORDER: noted after it is so; PackedResume can tell what is used and not noted, but not the reverse.
        VarHandle.releaseFence();
        events.note(used.shown());
        // ORDER: the flags must be visible before we look whether the driver wants to know of them; the driver does the
        // reverse.
        VarHandle.fullFence();
        if (log.isOn()) {
            log.wroteEvent(0, PackedRingDescriptor.EVENT_BYTES);
            logDescriptors(first, 1);
        }
        return events.wantsCall(used.position(), moved);
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

    @Override
    public boolean enableKicks() {
        if (chains.known() > 0) {
            return true;
        }
        events.enableKicks(chains.position(), used.shown());
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
        events.disableKicks(used.shown());
        if (log.isOn()) {
            logEvent();
        }
    }

    @Override
    public long position() {
        return PackedRingDescriptor.base(used.position());
    }

    @Override
    public String whyBroken() {
        return whyBroken;
    }
}
