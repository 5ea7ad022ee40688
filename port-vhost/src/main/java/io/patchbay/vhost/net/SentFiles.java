package io.patchbay.vhost.net;

import io.patchbay.core.linux.EventFd;
import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.vhost.memory.InvalidMemoryException;
import io.patchbay.vhost.memory.MemoryRules;
import io.patchbay.vhost.session.RefusedException;
import java.util.List;
import java.util.Optional;

/**
 * Looks at the files a front end sends before anything is done with them, and closes those that are not what they should be. Not to be called under the
 * device's lock: closing a file of a strange file system may take as long as that likes, and operators' questions wait for the lock.
 */
final class SentFiles {

    private SentFiles() {}

    /** Refuses files that are not memory, and closes them all then. */
    static void checkMemory(MemoryRules rules, String what, List<Fd> files) throws RefusedException {
        try {
            for (Fd file : files) {
                rules.check(what, file);
            }
        } catch (InvalidMemoryException e) {
            files.forEach(Fd::close);
            throw new RefusedException(String.valueOf(e.getMessage()), e);
        }
    }

    /** Takes a virtqueue's bell, or closes what is none. */
    static Optional<EventFd> bell(int index, Optional<Fd> file) throws RefusedException {
        try {
            Virtqueues.checkIndex(index);
        } catch (RefusedException e) {
            file.ifPresent(Fd::close);
            throw e;
        }
        return bell("vring " + index, file);
    }

    /** Takes a bell, or closes what is none. */
    static Optional<EventFd> bell(String owner, Optional<Fd> file) throws RefusedException {
        try {
            return file.map(EventFd::adopt);
        } catch (IllegalArgumentException | LinuxException e) {
            throw new RefusedException(owner + ": " + e.getMessage(), e);
        }
    }
}
