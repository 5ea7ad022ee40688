package io.patchbay.core.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;

/**
 * A file, told from any other that comes to its path by device and inode number, which is not given away while the file is open or, as that of a socket, bound.
 */
public record FileIdentity(Path path, Object key) {

    /** The file that is at a path now. */
    public static FileIdentity of(Path path) throws IOException {
        Object key = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
        return new FileIdentity(
                path, Optional.ofNullable(key).orElseThrow(() -> new IOException("the file has no inode number")));
    }

    /** Whether the file is still at its path. */
    public boolean isThere() throws IOException {
        return Files.exists(path, LinkOption.NOFOLLOW_LINKS) && of(path).equals(this);
    }

    /** Removes the file, unless it has gone or another has taken its place. */
    public void remove() throws IOException {
        if (isThere()) {
            Files.deleteIfExists(path);
        }
    }
}
