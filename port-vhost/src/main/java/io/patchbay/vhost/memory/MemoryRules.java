package io.patchbay.vhost.memory;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.FileCalls;
import io.patchbay.vhost.wire.RegionDescription;
import java.util.List;

/**
 * What the front end of one port may have mapped.
 *
 * <p>A page of an ordinary file may have to be read from a disk, or from a program that answers for a file system (FUSE) and takes its time; a worker that touches
 * it, for any guest, waits. Pages of a memfd, of tmpfs and of hugetlbfs are memory.
 *
 * @param anyFile whether files may be of any kind
 * @param mostBytes that may be mapped
 * @param pool what all ports share
 */
public record MemoryRules(boolean anyFile, long mostBytes, MemoryPool pool) {

    /**
     * Refuses a file that could make whoever touches it wait. Asks nothing of the file itself.
     *
     * @param what the file is for
     */
    public void check(String what, Fd file) throws InvalidMemoryException {
        if (!anyFile && !FileCalls.isMemory(file)) {
            throw new InvalidMemoryException("the file of " + what + ", " + FileCalls.describe(file)
                    + ", is no memfd, and not on tmpfs or hugetlbfs: the switch would have to wait for a disk, or for another"
                    + " program (\"memoryFiles\": \"any\" allows it)");
        }
    }

    /** What regions take from the pool; refused if it is more than the port may have. */
    public MemoryPool.Share share(List<RegionDescription> regions) throws InvalidMemoryException {
        long bytes = 0;
        for (RegionDescription region : regions) {
            long mapped = GuestRegion.mappedBytes(region);
            if (mapped > mostBytes - bytes) {
                throw new InvalidMemoryException(
                        "memory regions of more than " + mostBytes + " bytes together, counted from the"
                                + " beginnings of their files (\"memoryLimitGiB\" allows more)");
            }
            bytes += mapped;
        }
        return new MemoryPool.Share(regions.size(), bytes);
    }
}
