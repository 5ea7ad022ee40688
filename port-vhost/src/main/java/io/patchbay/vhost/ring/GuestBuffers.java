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

    /** Makes a buffer that lies in one region chain {@code i} of a batch; false if it lies in no region, or in more than one. */
    boolean set(int i, long address, long length, ChainBatch batch) {
        int region = memory.find(address, lastRegion);
        if (region == GuestMemory.OUTSIDE) {
            return false;
        }
        lastRegion = region;
        long offset = memory.offset(region, address);
        if (length > memory.room(region, offset) || length > Integer.MAX_VALUE) {
            return false;
        }
        batch.setBuffer(i, memory.memory(region), offset, (int) length);
        return true;
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
