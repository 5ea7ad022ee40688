package io.patchbay.vhost.session;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.FileIdentity;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.StaleSocket;
import io.patchbay.core.linux.UnixSocket;
import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A listening socket and the file by which it is found.
 *
 * <p>A file left behind by a process that is gone is replaced; a socket somebody listens on, or a file of any other kind, is not touched.
 */
public final class SocketFile implements AutoCloseable {

    private static final Logger LOG = LoggerFactory.getLogger(SocketFile.class);

    private static final int BACKLOG = 16;

    private final FileIdentity file;
    private final UnixSocket socket;
    private boolean closed;

    private SocketFile(FileIdentity file, UnixSocket socket) {
        this.file = file;
        this.socket = socket;
    }

    /**
     * Who may connect.
     *
     * @param mode permission bits, such as 0660
     * @param owner number of the user the file is given to
     * @param group number of the group the file is given to
     */
    public record Access(int mode, Optional<Integer> owner, Optional<Integer> group) {}

    /**
     * Listens. Nobody can connect before the file has its owner, group and mode.
     *
     * @throws IOException if the path cannot be used; the message says why
     */
    public static SocketFile listen(Path path, Access access) throws IOException {
        try {
            StaleSocket.remove(path);
            UnixSocket socket = UnixSocket.bind(path.toString());
            Optional<SocketFile> made = Optional.empty();
            try {
                SocketFile listener = new SocketFile(FileIdentity.of(path), socket);
                made = Optional.of(listener);
                restrict(path, access);
                socket.listen(BACKLOG);
                if (!listener.file.isThere()) {
                    throw new IOException("another process has just put its own file there");
                }
                return listener;
            } catch (IOException | RuntimeException e) {
                made.ifPresentOrElse(SocketFile::close, socket::close);
                throw e;
            }
        } catch (IOException | LinuxException | IllegalArgumentException e) {
            throw new IOException("cannot listen on " + path + ": " + reason(path, e), e);
        }
    }

    private static String reason(Path path, Exception e) {
        Path directory = path.toAbsolutePath().getParent();
        if (e instanceof LinuxException linux && linux.errno() == Errno.ENOENT && directory != null) {
            return "the directory " + directory + " does not exist";
        }
        return String.valueOf(e.getMessage());
    }

    private static void restrict(Path path, Access access) throws IOException {
        try {
            // First the mode, while the file is surely ours: once given away, changing it would take CAP_FOWNER.
            // A link could only come from somebody who may write to the directory.
            Files.setAttribute(path, "unix:mode", access.mode());
            if (access.group().isPresent()) {
                Files.setAttribute(path, "unix:gid", access.group().get(), LinkOption.NOFOLLOW_LINKS);
            }
            if (access.owner().isPresent()) {
                Files.setAttribute(path, "unix:uid", access.owner().get(), LinkOption.NOFOLLOW_LINKS);
            }
        } catch (FileSystemException e) {
            throw new IOException("its owner, group or mode cannot be set: " + e.getReason(), e);
        }
    }

    public Path path() {
        return file.path();
    }

    /** Whether who connects to the path still comes to this socket. */
    boolean isReachable() {
        try {
            return file.isThere();
        } catch (IOException e) {
            return false; // nobody else may look there, either
        }
    }

    public Optional<UnixSocket> accept() {
        return socket.accept();
    }

    /** The descriptor that becomes readable when somebody connects. */
    public int number() {
        return socket.number();
    }

    /** Removes the file, unless another has taken its place, and stops listening. Idempotent. */
    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            file.remove();
        } catch (IOException e) {
            LOG.warn("cannot remove {}: {}", file.path(), e.toString());
        } finally {
            socket.close();
        }
    }
}
