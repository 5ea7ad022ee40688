package io.patchbay.vhost.session;

import io.patchbay.core.linux.Errno;
import java.nio.file.Path;

/** What the dialer says of errors that a test, which may be root, does not meet. */
public final class DialerReasons {

    private DialerReasons() {}

    public static String noPermission(String path) {
        return Dialer.reason(Path.of(path), Errno.EACCES);
    }
}
