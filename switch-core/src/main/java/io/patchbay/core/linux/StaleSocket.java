package io.patchbay.core.linux;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Socket files whose listener is gone: a process that was killed leaves them behind.
 *
 * <p>Whether somebody listens is tried by connecting. To connect one must be allowed to write to the file, which a daemon that has given it away and has
 * no power over files of others is not; then the kernel's list of sockets decides, which has those of this network namespace.
 */
public final class StaleSocket {

    private static final int TYPE_MASK = 0170000;
    private static final int TYPE_SOCKET = 0140000;

    private static final Path SOCKETS = Path.of("/proc/thread-self/net/unix");
    private static final int ACCEPTS_CONNECTIONS = 1 << 16;

    /** Address, references, protocol, flags, type, state, inode number of the socket (not of its file), path as it was bound. */
    private static final Pattern SOCKET = Pattern.compile("\\S+ +\\S+ +\\S+ +([0-9A-F]+) +\\S+ +\\S+ +\\d+ (.+)");

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
            if (e.errno() == Errno.EACCES) {
                if (isListedAsListening(path)) {
                    throw new IOException("another process is listening there, which this one may not connect to", e);
                }
            } else if (e.errno() != Errno.ECONNREFUSED) {
                throw new IOException("it is not clear whether another process listens there: " + e.getMessage(), e);
            }
            Files.delete(path);
        }
    }

    private static boolean isListedAsListening(Path path) throws IOException {
        // Others may have bound names that are no text.
        String sockets = new String(Files.readAllBytes(SOCKETS), StandardCharsets.UTF_8);
        return sockets.lines()
                .map(SOCKET::matcher)
                .filter(Matcher::matches)
                .filter(socket -> (Long.parseLong(socket.group(1), 16) & ACCEPTS_CONNECTIONS) != 0)
                .anyMatch(socket -> isSame(path, socket.group(2)));
    }

    /** Whether a socket that was bound by such a name may have the file. One bound in a directory unknown to us may. */
    private static boolean isSame(Path path, String bound) {
        try {
            if (!bound.startsWith("/")) {
                return !bound.startsWith("@")
                        && path.getFileName().equals(Path.of(bound).getFileName());
            }
            return Path.of(bound).equals(path.toAbsolutePath()) || Files.isSameFile(Path.of(bound), path);
        } catch (IOException | InvalidPathException _) {
            return false; // bound elsewhere, and that file is gone or has a name that no path of ours has
        }
    }
}
