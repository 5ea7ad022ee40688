package io.patchbay.core.linux;

import java.util.Map;

/** Error numbers of Linux that the switch tells apart, and the words for those an operator may meet. */
public final class Errno {

    public static final int EPERM = 1;
    public static final int ENOENT = 2;
    public static final int EINTR = 4;
    public static final int EIO = 5;
    public static final int ENXIO = 6;
    public static final int EBADF = 9;
    public static final int EAGAIN = 11;
    public static final int ENOMEM = 12;
    public static final int EACCES = 13;
    public static final int EFAULT = 14;
    public static final int EBUSY = 16;
    public static final int EEXIST = 17;
    public static final int ENODEV = 19;
    public static final int ENOTDIR = 20;
    public static final int EINVAL = 22;
    public static final int EMFILE = 24;
    public static final int EPIPE = 32;
    public static final int ENOSYS = 38;
    public static final int ENOLINK = 67;
    public static final int EBADFD = 77;
    public static final int EMSGSIZE = 90;
    public static final int ENOTSOCK = 88;
    public static final int EOPNOTSUPP = 95;
    public static final int EAFNOSUPPORT = 97;
    public static final int EADDRINUSE = 98;
    public static final int ENETDOWN = 100;
    public static final int ECONNRESET = 104;
    public static final int ENOBUFS = 105;
    public static final int ECONNREFUSED = 111;

    private static final Map<Integer, String> TEXTS = Map.ofEntries(
            Map.entry(EPERM, "operation not permitted (EPERM)"),
            Map.entry(ENOENT, "no such file or directory (ENOENT)"),
            Map.entry(EINTR, "interrupted (EINTR)"),
            Map.entry(EIO, "input/output error (EIO)"),
            Map.entry(ENXIO, "no such device or address (ENXIO)"),
            Map.entry(EBADF, "bad file descriptor (EBADF)"),
            Map.entry(EAGAIN, "would block (EAGAIN)"),
            Map.entry(ENOMEM, "out of memory (ENOMEM)"),
            Map.entry(EACCES, "permission denied (EACCES)"),
            Map.entry(EFAULT, "bad address (EFAULT)"),
            Map.entry(EBUSY, "device or resource busy (EBUSY)"),
            Map.entry(EEXIST, "exists already (EEXIST)"),
            Map.entry(ENODEV, "no such device (ENODEV)"),
            Map.entry(ENOTDIR, "not a directory (ENOTDIR)"),
            Map.entry(EINVAL, "invalid argument (EINVAL)"),
            Map.entry(EMFILE, "too many open files (EMFILE)"),
            Map.entry(EPIPE, "the peer has closed (EPIPE)"),
            Map.entry(ENOTSOCK, "not a socket (ENOTSOCK)"),
            Map.entry(ENOSYS, "not known to this kernel (ENOSYS)"),
            Map.entry(ENOLINK, "the device has gone (ENOLINK)"),
            Map.entry(EBADFD, "the device has gone (EBADFD)"),
            Map.entry(EMSGSIZE, "message too long (EMSGSIZE)"),
            Map.entry(EOPNOTSUPP, "not supported (EOPNOTSUPP)"),
            Map.entry(EAFNOSUPPORT, "address family not supported (EAFNOSUPPORT)"),
            Map.entry(EADDRINUSE, "address in use (EADDRINUSE)"),
            Map.entry(ENETDOWN, "the network device is down (ENETDOWN)"),
            Map.entry(ECONNRESET, "connection reset by the peer (ECONNRESET)"),
            Map.entry(ENOBUFS, "no buffer space (ENOBUFS)"),
            Map.entry(ECONNREFUSED, "connection refused (ECONNREFUSED)"));

    private Errno() {}

    /** Words for an error number. */
    public static String text(int errno) {
        return TEXTS.getOrDefault(errno, "error " + errno);
    }
}
