package io.patchbay.vhost.net;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * One process of this machine, told from every other there is or was: numbers are used again, but not for a process started at the same tick of
 * the same boot.
 *
 * @param startTicks since the machine was started
 */
record PeerProcess(String bootId, long pid, long startTicks) {

    /** Field 22 of /proc/PID/stat, counted from the one after the command's name, which is the third (proc(5)). */
    private static final int START_TICKS = 22 - 3;

    /** The process with that number; empty if it cannot be seen, as one in another PID namespace. */
    static Optional<PeerProcess> of(int pid) {
        try {
            String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
            // The name is in brackets and may hold anything, brackets and blanks included.
            String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
            String boot =
                    Files.readString(Path.of("/proc/sys/kernel/random/boot_id")).trim();
            return Optional.of(new PeerProcess(boot, pid, Long.parseLong(fields[START_TICKS])));
        } catch (IOException | RuntimeException e) {
            return Optional.empty(); // gone, or never there for us
        }
    }

    boolean isAlive() {
        return of((int) pid).filter(this::equals).isPresent();
    }
}
