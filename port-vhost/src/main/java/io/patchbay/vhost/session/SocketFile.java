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
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.nio.file.attribute.UserPrincipalNotFoundException;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
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
     * @param owner name or number of the user the file is given to
     * @param group name or number of the group the file is given to
     */
    public record Access(int mode, Optional<String> owner, Optional<String> group) {}

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
        PosixFileAttributeView view =
                Files.getFileAttributeView(path, PosixFileAttributeView.class, LinkOption.NOFOLLOW_LINKS);
        UserPrincipalLookupService names = path.getFileSystem().getUserPrincipalLookupService();
        try {
            // First the mode, while the file is surely ours: once given away, changing it would take CAP_FOWNER.
            // A link could only come from somebody who may write to the directory.
            Files.setPosixFilePermissions(path, permissions(access.mode()));
            if (access.group().isPresent()) {
                String group = access.group().get();
                view.setGroup(known("group", group, () -> names.lookupPrincipalByGroupName(group)));
            }
            if (access.owner().isPresent()) {
                String owner = access.owner().get();
                view.setOwner(known("user", owner, () -> names.lookupPrincipalByName(owner)));
            }
        } catch (FileSystemException e) {
            throw new IOException("its owner, group or mode cannot be set: " + e.getReason(), e);
        }
    }

    private interface Lookup<P> {
        P find() throws IOException;
    }

    private static <P> P known(String kind, String name, Lookup<P> lookup) throws IOException {
        try {
            return lookup.find();
        } catch (UserPrincipalNotFoundException e) {
            throw new IOException("there is no " + kind + " " + name, e);
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

    public Path path() {
        return file.path();
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
