package io.patchbay.core.linux;

/** A descriptor that is readable while a socket is, and while the socket is writable if that is asked for. Any thread may call. */
final class XdpBell implements AutoCloseable {

    private final Epoll epoll;
    private volatile boolean alsoForRoom;

    /** @param watched stays its owner's, and open for as long as the bell is used */
    XdpBell(int watched) {
        epoll = new Epoll(watched);
        epoll.watch(Epoll.READABLE);
    }

    boolean ringsForRoom() {
        return alsoForRoom;
    }

    synchronized void ringForRoom(boolean wanted) {
        if (wanted != alsoForRoom) {
            epoll.change(wanted ? Epoll.READABLE | Epoll.WRITABLE : Epoll.READABLE);
            alsoForRoom = wanted;
        }
    }

    int number() {
        return epoll.number();
    }

    @Override
    public void close() {
        epoll.close();
    }
}
