package io.patchbay.vhost.ring;

import io.patchbay.vhost.memory.GuestMemory;

/**
 * Turns what a descriptor says of a buffer into checked pieces of memory: the part of reading a chain that does not depend on the ring's
 * layout.
 *
 * <p>Confined to the worker that owns the queue.
 */
final class GuestBuffers {

    private final GuestMemory memory;
    private int lastRegion;

    GuestBuffers(GuestMemory memory) {
        this.memory = memory;
    }

    /**
     * Adds one buffer to the last chain of {@code chain}.
     *
     * @param address guest-physical, any value
     * @param length 0 to 2^32 - 1
     * @param isWritable whether the descriptor lets the device write
     * @param writable whether it must
     */
    ChainResult add(long address, long length, boolean isWritable, boolean writable, Chain chain) {
        if (isWritable != writable) {
            return ChainResult.BAD;
        }
        int region = memory.find(address, lastRegion);
        if (region == GuestMemory.OUTSIDE) {
            return ChainResult.BAD;
        }
        lastRegion = region;
        long offset = memory.offset(region, address);
        if (length <= memory.room(region, offset) && length <= Integer.MAX_VALUE) {
            return chain.add(memory.memory(region), offset, (int) length) ? ChainResult.OK : ChainResult.TOO_LONG;
        }
        return addInPieces(address, length, chain);
    }

    /**
     * Finds the buffers of the first chains of a batch, whose descriptors were read: those of one buffer in one region, as nearly all are. Others are marked.
     *
     * @param ringSize that a chain's number must be less than
     * @param flags of the second halves of descriptors, by which such a buffer differs from anything else
     * @param plain what they are then
     */
    void findAll(int chains, int ringSize, long flags, long plain, ChainBatch batch) {
        boolean all = false;
        if (memory.has(lastRegion)) {
            all = findIn(lastRegion, chains, ringSize, flags, plain, batch);
        } else {
            batch.setNoneSimple(chains);
        }
        for (int i = 0; i < chains && !all; i++) {
            if (!batch.isSimple(i) && batch.head[i] < ringSize && (batch.rest[i] & flags) == plain) {
                findElsewhere(i, chains, batch);
            }
        }
    }

    /** Looks for all buffers in one region, where mostly all are: whether so. In one sweep. */
    private boolean findIn(int region, int chains, int ringSize, long flags, long plain, ChainBatch batch) {
        long start = memory.start(region);
        long bytes = memory.bytes(region);
        boolean all = true;
        for (int i = 0; i < chains; i++) {
            long rest = batch.rest[i];
            long offset = batch.address[i] - start;
            long length = rest & 0xffff_ffffL;
            // BOUNDS: as GuestMemory.find; and then nothing is subtracted from less.
            boolean simple = batch.head[i] < ringSize
                    && (rest & flags) == plain
                    && Long.compareUnsigned(offset, bytes) < 0
                    && length <= bytes - offset
                    && length <= Integer.MAX_VALUE;
            batch.setBuffer(i, offset, simple ? (int) length : ChainBatch.NOT_SIMPLE);
            all &= simple;
        }
        batch.setBase(memory.memory(region));
        return all;
    }

    private void findElsewhere(int i, int chains, ChainBatch batch) {
        long address = batch.address[i];
        long length = batch.rest[i] & 0xffff_ffffL;
        int region = memory.find(address, lastRegion);
        if (region == GuestMemory.OUTSIDE) {
            return;
        }
        lastRegion = region;
        long offset = memory.offset(region, address);
        if (length <= memory.room(region, offset) && length <= Integer.MAX_VALUE) {
            batch.setBase(i, memory.memory(region), chains);
            batch.setBuffer(i, offset, (int) length);
        }
    }

    /** A buffer that crosses from one region into the next. */
    private ChainResult addInPieces(long address, long length, Chain chain) {
        long at = address;
        long left = length;
        int region = lastRegion;
        while (left > 0) {
            region = memory.find(at, region);
            if (region == GuestMemory.OUTSIDE) {
                return ChainResult.BAD;
            }
            long offset = memory.offset(region, at);
            int piece = (int) Math.min(Math.min(left, memory.room(region, offset)), Integer.MAX_VALUE);
            if (!chain.add(memory.memory(region), offset, piece)) {
                return ChainResult.TOO_LONG;
            }
            at += piece;
            left -= piece;
        }
        return ChainResult.OK;
    }
}
