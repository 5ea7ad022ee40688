package io.patchbay.core.linux;

/**
 * A descriptor that is readable while a socket is, and while the socket is writable if that is asked for: while it is watched.
 *
 * <p>Watching costs the kernel a call for every frame the socket has sent, a twelfth of what sending takes; so whoever reads stops watching while it polls
 * and much is sent. Any thread may call.
 */
final class XdpBell implements AutoCloseable {

    private final Epoll epoll;
    private volatile boolean watching = true;
    private volatile boolean alsoForRoom;

    /** @param watched stays its owner's, and open for as long as the bell is used */
    XdpBell(int watched) {
        epoll = new Epoll(watched);
        epoll.watch(Epoll.READABLE);
    }

    boolean isWatching() {
        return watching;
    }

    /** Begins to watch, or stops: then it does not ring. */
    synchronized void watch(boolean wanted) {
        if (wanted == watching) {
            return;
        }
        if (wanted) {
            epoll.watch(events());
        } else {
            epoll.unwatch();
        }
        watching = wanted;
    }

    boolean ringsForRoom() {
        return alsoForRoom;
    }

    synchronized void ringForRoom(boolean wanted) {
        if (wanted != alsoForRoom) {
            alsoForRoom = wanted;
            if (watching) {
                epoll.change(events());
            }
        }
    }

    private int events() {
        return alsoForRoom ? Epoll.READABLE | Epoll.WRITABLE : Epoll.READABLE;
    }

    int number() {
        return epoll.number();
    }

    @Override
    public void close() {
        epoll.close();
    }
}
