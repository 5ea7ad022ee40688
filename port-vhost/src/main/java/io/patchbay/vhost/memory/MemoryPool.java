package io.patchbay.vhost.memory;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What the ports of one process may map together: addresses, and mappings, each of which is also an open file. All of these end some day, and a
 * port that used them up would take them from the others, and from the virtual machine we run in. For any thread.
 */
public final class MemoryPool {

    /** Half of the addresses a process has on x86-64. */
    static final long MOST_BYTES = 64L << 40;

    /** Regions every port may have, whatever the others do: twice as many as a memory table has by the specification. */
    static final int REGIONS_OF_OWN = 16;

    private static final int ASSUMED_MAPPINGS = 65_530;
    private static final int ASSUMED_FILES = 1024;

    private final long mostBytes;
    private final int mostRegions;
    private long bytes;
    private int regions;

    /**
     * @param mostBytes of all ports
     * @param mostRegions of all ports, not counting the first {@link #REGIONS_OF_OWN} of each
     */
    public MemoryPool(long mostBytes, int mostRegions) {
        this.mostBytes = mostBytes;
        this.mostRegions = mostRegions;
    }

    /** One for this process: half of the mappings and of the open files that it may have. */
    public static MemoryPool ofThisProcess() {
        int mappings = number("/proc/sys/vm/max_map_count", "", 0).orElse(ASSUMED_MAPPINGS);
        int files = number("/proc/self/limits", "Max open files", 3).orElse(ASSUMED_FILES);
        return new MemoryPool(MOST_BYTES, Math.min(mappings, files) / 2);
    }

    /** A number in a file of the kernel's: in the line that begins so, the word at that place. */
    private static Optional<Integer> number(String file, String line, int word) {
        try {
            return Files.readAllLines(Path.of(file)).stream()
                    .filter(text -> text.startsWith(line))
                    .map(text -> text.split("\\s+")[word])
                    .filter(text -> text.matches("[0-9]{1,9}"))
                    .map(Integer::valueOf)
                    .findFirst();
        } catch (IOException e) {
            return Optional.empty(); // what is common is assumed
        }
    }

    /** What one port has mapped. */
    public record Share(int regions, long bytes) {

        public static final Share NONE = new Share(0, 0);

        private int counted() {
            return Math.max(0, regions - REGIONS_OF_OWN);
        }
    }

    /**
     * Takes one share and gives another for it, if there is so much left; a smaller one always.
     *
     * @throws InvalidMemoryException if there is not; nothing has changed then
     */
    public synchronized void exchange(Share before, Share after) throws InvalidMemoryException {
        long bytesThen = bytes - before.bytes() + after.bytes();
        int regionsThen = regions - before.counted() + after.counted();
        if (bytesThen > mostBytes && after.bytes() > before.bytes()) {
            throw new InvalidMemoryException("all ports together have mapped " + (bytes >> 30)
                    + " GiB of guest memory; the switch maps no more than " + (mostBytes >> 30));
        }
        if (regionsThen > mostRegions && after.counted() > before.counted()) {
            throw new InvalidMemoryException("all ports together have mapped " + regions
                    + " memory regions beyond their first " + REGIONS_OF_OWN
                    + "; the switch, with the mappings and files it may have, maps no more than " + mostRegions);
        }
        bytes = bytesThen;
        regions = regionsThen;
    }

    /** Undoes an {@link #exchange}, or gives back a share for {@link Share#NONE}. Never refused, though another port may have taken the room. */
    public synchronized void takeBack(Share after, Share before) {
        bytes += before.bytes() - after.bytes();
        regions += before.counted() - after.counted();
    }

    int mostRegions() {
        return mostRegions;
    }

    /** What all ports have; of regions, those that count. */
    public synchronized Share taken() {
        return new Share(regions, bytes);
    }
}
