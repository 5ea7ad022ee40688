package io.patchbay.core.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;

/** Socket files whose listener is gone: a process that was killed leaves them behind. */
public final class StaleSocket {

    private static final int TYPE_MASK = 0170000;
    private static final int TYPE_SOCKET = 0140000;

    private StaleSocket() {}

    /**
     * Removes what a listener left behind at a path, if anything. A socket somebody listens on, or a file of any other kind, is not
     * touched.
     *
     * @throws IOException if the path is not free; the message says why
     */
    public static void remove(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        int mode = (int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS);
        if ((mode & TYPE_MASK) != TYPE_SOCKET) {
            throw new IOException("there is a file that is not a socket");
        }
        try (UnixSocket probe = UnixSocket.connect(path.toString())) {
            throw new IOException("another process (pid " + probe.peer().pid() + ") is listening there");
        } catch (LinuxException e) {
            if (e.errno() == Errno.EAGAIN) {
                throw new IOException("another process is listening there, and has no time", e);
            }
            if (e.errno() != Errno.ECONNREFUSED) {
                throw new IOException("it is not clear whether another process listens there: " + e.getMessage(), e);
            }
            Files.delete(path);
        }
    }
}
