package io.patchbay.core.linux;

/** A system call failed. The message names the call, what it was about, and the reason. */
public final class LinuxException extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private final String call;
    private final int errno;

    /**
     * @param call the system call
     * @param subject what it was called on, for an operator; may be empty
     * @param errno the error number, positive
     */
    public LinuxException(String call, String subject, int errno) {
        super(call + (subject.isEmpty() ? "" : " " + subject) + ": " + Errno.text(errno));
        this.call = call;
        this.errno = errno;
    }

    public String call() {
        return call;
    }

    public int errno() {
        return errno;
    }
}
