package io.patchbay.vhost.session;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.UnixSocket;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/**
 * A listening socket and the file by which it is found.
 *
 * <p>A file left behind by a process that is gone is replaced; a socket somebody listens on, or a file of any other kind, is not touched.
 */
public final class SocketFile implements AutoCloseable {

    private static final int BACKLOG = 16;

    private final Path path;
    private final UnixSocket socket;
    private final Object identity;

    private SocketFile(Path path, UnixSocket socket, Object identity) {
        this.path = path;
        this.socket = socket;
        this.identity = identity;
    }

    /**
     * Who may connect.
     *
     * @param mode permission bits, such as 0660
     */
    public record Access(int mode, Optional<String> owner, Optional<String> group) {}

    /**
     * Listens.
     *
     * @throws IOException if the path cannot be used; the message says why
     */
    public static SocketFile listen(Path path, Access access) throws IOException {
        removeStale(path);
        try {
            UnixSocket socket = UnixSocket.listen(path.toString(), BACKLOG);
            try {
                restrict(path, access);
                return new SocketFile(path, socket, identity(path));
            } catch (IOException | RuntimeException e) {
                socket.close();
                Files.deleteIfExists(path);
                throw e;
            }
        } catch (LinuxException | IllegalArgumentException e) {
            throw new IOException("cannot listen on " + path + ": " + e.getMessage(), e);
        }
    }

    private static void removeStale(Path path) throws IOException {
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        boolean isSocket =
                ((int) Files.getAttribute(path, "unix:mode", LinkOption.NOFOLLOW_LINKS) & 0170000) == 0140000;
        if (!isSocket) {
            throw new IOException("cannot listen on " + path + ": there is a file that is not a socket");
        }
        try (UnixSocket probe = UnixSocket.connect(path.toString())) {
            throw new IOException("cannot listen on " + path + ": another process (pid "
                    + probe.peer().pid() + ") is listening there");
        } catch (LinuxException e) {
            if (e.errno() != Errno.ECONNREFUSED) {
                throw new IOException("cannot tell whether anybody listens on " + path + ": " + e.getMessage(), e);
            }
            Files.delete(path);
        }
    }

    private static void restrict(Path path, Access access) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(path, PosixFileAttributeView.class);
        UserPrincipalLookupService names = path.getFileSystem().getUserPrincipalLookupService();
        try {
            if (access.group().isPresent()) {
                view.setGroup(names.lookupPrincipalByGroupName(access.group().get()));
            }
            if (access.owner().isPresent()) {
                view.setOwner(names.lookupPrincipalByName(access.owner().get()));
            }
            view.setPermissions(permissions(access.mode()));
        } catch (IOException e) {
            throw new IOException("cannot set owner, group or mode of " + path + ": " + e, e);
        }
    }

    private static Set<PosixFilePermission> permissions(int mode) {
        Set<PosixFilePermission> set = EnumSet.noneOf(PosixFilePermission.class);
        PosixFilePermission[] all = PosixFilePermission.values(); // owner read first, others execute last
        for (int i = 0; i < all.length; i++) {
            if ((mode & 0400 >> i) != 0) {
                set.add(all[i]);
            }
        }
        return set;
    }

    private static Object identity(Path path) throws IOException {
        return Files.getAttribute(path, "unix:ino", LinkOption.NOFOLLOW_LINKS);
    }

    public Path path() {
        return path;
    }

    public Optional<UnixSocket> accept() {
        return socket.accept();
    }

    /** The descriptor that becomes readable when somebody connects. */
    public int number() {
        return socket.number();
    }

    /** Stops listening, and removes the file unless it has become somebody else's. */
    @Override
    public void close() {
        socket.close();
        try {
            if (Files.exists(path, LinkOption.NOFOLLOW_LINKS) && identity(path).equals(identity)) {
                Files.deleteIfExists(path);
            }
        } catch (IOException e) {
            org.slf4j.LoggerFactory.getLogger(SocketFile.class).warn("cannot remove {}: {}", path, e.toString());
        }
    }
}
