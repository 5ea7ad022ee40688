package io.patchbay.vhost.ring;

import static io.patchbay.vhost.ring.SplitRingDescriptor.AVAILABLE_FLAGS;
import static io.patchbay.vhost.ring.SplitRingDescriptor.AVAILABLE_INDEX;
import static io.patchbay.vhost.ring.SplitRingDescriptor.AVAILABLE_NO_INTERRUPT;
import static io.patchbay.vhost.ring.SplitRingDescriptor.DESCRIPTOR_ADDRESS;
import static io.patchbay.vhost.ring.SplitRingDescriptor.DESCRIPTOR_BYTES;
import static io.patchbay.vhost.ring.SplitRingDescriptor.DESCRIPTOR_REST;
import static io.patchbay.vhost.ring.SplitRingDescriptor.FLAG_INDIRECT;
import static io.patchbay.vhost.ring.SplitRingDescriptor.FLAG_NEXT;
import static io.patchbay.vhost.ring.SplitRingDescriptor.FLAG_WRITE;
import static io.patchbay.vhost.ring.SplitRingDescriptor.U16;
import static io.patchbay.vhost.ring.SplitRingDescriptor.U64;
import static io.patchbay.vhost.ring.SplitRingDescriptor.U64_ANYWHERE;
import static io.patchbay.vhost.ring.SplitRingDescriptor.USED_FLAGS;
import static io.patchbay.vhost.ring.SplitRingDescriptor.USED_INDEX;
import static io.patchbay.vhost.ring.SplitRingDescriptor.USED_NO_NOTIFY;
import static io.patchbay.vhost.ring.SplitRingDescriptor.unsigned;

import io.patchbay.vhost.memory.GuestMemory;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/** A split virtqueue (virtio 1.3 §2.7). */
public final class SplitRing implements DeviceRing {

    private static final VarHandle ACQUIRE_U16 = U16.varHandle();

    /** In the second half of a descriptor, the flags by which one buffer differs from a chain. */
    private static final long FLAGS_THAT_MATTER = (long) (FLAG_NEXT | FLAG_WRITE | FLAG_INDIRECT) << 32;

    private final int size;
    private final int mask;
    private final boolean eventIdx;
    private final boolean indirect;
    private final MemorySegment descriptors;
    private final MemorySegment available;
    private final MemorySegment used;
    private final GuestBuffers buffers;
    private final IndirectTable table;
    private RingLog log = RingLog.OFF;

    /** Free-running indices; only the low 16 bits are ever shown. */
    private int nextAvailable;

    private int seenAvailable;
    private int nextUsed;
    private int publishedUsed;
    private String whyBroken = "";

    /**
     * @param places where the three parts are; exactly as long as {@link SplitRingDescriptor} says
     * @param features which of VIRTIO_F_EVENT_IDX and VIRTIO_F_INDIRECT_DESC were negotiated
     * @param base index of the next available entry to be consumed, and of the next used entry
     */
    public SplitRing(int size, RingPlaces places, RingFeatures features, int base, GuestMemory memory) {
        this.size = size;
        this.mask = size - 1;
        this.eventIdx = features.eventIdx();
        this.indirect = features.indirect();
        this.descriptors = places.descriptors();
        this.available = places.available();
        this.used = places.used();
        this.table = new IndirectTable(memory);
        this.buffers = new GuestBuffers(memory);
        this.nextAvailable = base & 0xffff;
        this.seenAvailable = nextAvailable;
        this.nextUsed = nextAvailable;
        this.publishedUsed = nextAvailable;
    }

    /** The used index a driver's ring shows: where a device that completes in order has got to. */
    public static int usedIndex(RingPlaces places) {
        return SplitRingDescriptor.readU16(places.used(), USED_INDEX);
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
        int known = unsigned((short) (seenAvailable - nextAvailable));
        if (known >= wanted) {
            return known;
        }
        // ORDER: acquire, so that the entries and descriptors read after this are at least as new as the index.
        int shown = unsigned((short) ACQUIRE_U16.getAcquire(available, (long) AVAILABLE_INDEX));
        int waiting = unsigned((short) (shown - nextAvailable));
        if (waiting > size) {
            whyBroken = "the available index jumps by more than the ring is long";
            return BROKEN;
        }
        seenAvailable = shown;
        return waiting;
    }

    @Override
    public void readBatch(int chains, boolean writable, ChainBatch batch) {
        // Two sweeps: the first does nothing but load, so that the misses of many descriptors are under way at once.
        for (int i = 0; i < chains; i++) {
            int slot = nextAvailable + i & mask;
            int head = SplitRingDescriptor.readU16(available, SplitRingDescriptor.availableEntry(slot));
            // BOUNDS: masked, so within the table; a head that is not is found out in the second sweep.
            long at = (long) (head & mask) * DESCRIPTOR_BYTES;
            batch.put(
                    i, head, descriptors.get(U64, at + DESCRIPTOR_ADDRESS), descriptors.get(U64, at + DESCRIPTOR_REST));
        }
        buffers.findAll(chains, size, FLAGS_THAT_MATTER, writable ? (long) FLAG_WRITE << 32 : 0, batch);
    }

    @Override
    public ChainResult read(int ahead, boolean writable, Chain chain) {
        int slot = nextAvailable + ahead & mask;
        int shown = SplitRingDescriptor.readU16(available, SplitRingDescriptor.availableEntry(slot));
        // BOUNDS: masked, not only compared: if the page has gone, compiled code goes on with any number, and omits the
        // checks that one of 16 bits passes anyway (package io.patchbay.vhost.memory).
        int head = shown & mask;
        if (head != shown) {
            whyBroken = "an available entry names a descriptor outside the table";
            return ChainResult.BROKEN;
        }
        if (!chain.begin(head)) {
            return ChainResult.TOO_LONG;
        }
        return follow(head, writable, chain);
    }

    private ChainResult follow(int head, boolean writable, Chain chain) {
        int index = head;
        // A chain has at most as many descriptors as the table: counting them ends a loop.
        for (int steps = 0; steps < size; steps++) {
            long at = (long) index * DESCRIPTOR_BYTES;
            // BOUNDS: index < size, and the table is size descriptors long. Each half of the descriptor is read once.
            long address = descriptors.get(U64, at + DESCRIPTOR_ADDRESS);
            long rest = descriptors.get(U64, at + DESCRIPTOR_REST);
            int flags = (int) (rest >>> 32) & 0xffff;
            long length = rest & 0xffff_ffffL;
            if ((flags & FLAG_INDIRECT) != 0) {
                // An indirect descriptor ends the chain; with NEXT it is an error (§2.7.5.3.1).
                return indirect && (flags & FLAG_NEXT) == 0
                        ? followTable(address, length, writable, chain)
                        : ChainResult.BAD;
            }
            ChainResult added = add(address, length, flags, writable, chain);
            if (added != ChainResult.OK || (flags & FLAG_NEXT) == 0) {
                return added;
            }
            index = (int) (rest >>> 48);
            if (index >= size) {
                return ChainResult.BAD;
            }
        }
        return ChainResult.BAD;
    }

    private ChainResult followTable(long tableAddress, long tableBytes, boolean writable, Chain chain) {
        long count = table.begin(tableAddress, tableBytes);
        int index = 0;
        // However long the table, the loop ends with TOO_LONG when the chain is full.
        for (int steps = 0; steps < count; steps++) {
            if (!table.read(index)) {
                return ChainResult.BAD;
            }
            long rest = table.rest();
            int flags = (int) (rest >>> 32) & 0xffff;
            if ((flags & FLAG_INDIRECT) != 0) {
                return ChainResult.BAD;
            }
            ChainResult added = add(table.address(), rest & 0xffff_ffffL, flags, writable, chain);
            if (added != ChainResult.OK || (flags & FLAG_NEXT) == 0) {
                return added;
            }
            index = (int) (rest >>> 48);
            if (index >= count) {
                return ChainResult.BAD;
            }
        }
        return ChainResult.BAD;
    }

    private ChainResult add(long address, long length, int flags, boolean writable, Chain chain) {
        return buffers.add(address, length, (flags & FLAG_WRITE) != 0, writable, chain);
    }

    @Override
    public void consume(int n) {
        nextAvailable = nextAvailable + n & 0xffff;
    }

    @Override
    public void use(int head, int written) {
        putUsed(nextUsed, head, written);
        nextUsed = nextUsed + 1 & 0xffff;
    }

    private void putUsed(int index, int head, int written) {
        long entry = head | (long) written << 32;
        long at = SplitRingDescriptor.usedEntry(index & mask);
        // A driver that takes its descriptors in turn makes the same entries lap after lap; a line that is only read
        // stays in both processors' caches.
        if (used.get(U64_ANYWHERE, at) != entry) {
            used.set(U64_ANYWHERE, at, entry);
        }
    }

    @Override
    public void use(ChainBatch batch, int from, int n) {
        consume(n);
        for (int i = 0; i < n; i++) {
            putUsed(nextUsed + i, batch.head(from + i), batch.written(from + i));
        }
        nextUsed = nextUsed + n & 0xffff;
    }

    @Override
    public boolean publish() {
        int before = publishedUsed;
        int after = nextUsed;
        if (before == after) {
            return false;
        }
        if (log.isOn()) {
            logEntries(before, unsigned((short) (after - before)));
        }
        // ORDER: buffers and used entries before the index. A fence and a plain store, since a 16-bit release store
        // kills the virtual machine if the page has gone while the store is interpreted (package
        // io.patchbay.vhost.memory).
        VarHandle.releaseFence();
        used.set(U16, USED_INDEX, (short) after);
        publishedUsed = after;
        // ORDER: the index must be visible before we look whether the driver wants to know of it; the driver does the
        // reverse.
        VarHandle.fullFence();
        if (log.isOn()) {
            logNow(USED_INDEX);
        }
        if (eventIdx) {
            int event = SplitRingDescriptor.readU16(available, SplitRingDescriptor.usedEvent(size));
            return SplitRingDescriptor.passes(event, before, after);
        }
        return (SplitRingDescriptor.readU16(available, AVAILABLE_FLAGS) & AVAILABLE_NO_INTERRUPT) == 0;
    }

    private void logEntries(int from, int count) {
        int first = from & mask;
        int untilEnd = Math.min(count, size - first);
        log.wrote(SplitRingDescriptor.usedEntry(first), (long) untilEnd * SplitRingDescriptor.USED_ENTRY_BYTES);
        log.wrote(SplitRingDescriptor.usedEntry(0), (long) (count - untilEnd) * SplitRingDescriptor.USED_ENTRY_BYTES);
        log.flush();
    }

    /** Logs one of the 16-bit fields of the used ring, after it was written. */
    private void logNow(long field) {
        log.wrote(field, U16.byteSize());
        log.flush();
    }

    @Override
    public boolean enableKicks() {
        if (eventIdx) {
            used.set(U16, SplitRingDescriptor.availableEvent(size), (short) nextAvailable);
        } else {
            used.set(U16, USED_FLAGS, (short) 0);
        }
        if (log.isOn()) {
            logNow(eventIdx ? SplitRingDescriptor.availableEvent(size) : USED_FLAGS);
        }
        // ORDER: the request must be visible before the last look; the driver publishes its index before it looks at
        // the request.
        VarHandle.fullFence();
        return available(size + 1) != 0;
    }

    @Override
    public void disableKicks() {
        // With EVENT_IDX the event index stays behind by itself, and the flag must stay 0 (§2.7.10).
        if (!eventIdx) {
            used.set(U16, USED_FLAGS, (short) USED_NO_NOTIFY);
            if (log.isOn()) {
                logNow(USED_FLAGS);
            }
        }
    }

    @Override
    public long position() {
        return nextAvailable;
    }

    @Override
    public String whyBroken() {
        return whyBroken;
    }
}
