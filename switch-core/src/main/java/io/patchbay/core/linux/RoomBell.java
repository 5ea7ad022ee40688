package io.patchbay.core.linux;

/**
 * A descriptor that becomes readable when another one becomes writable.
 *
 * <p>So whoever sleeps on readable descriptors can wait for room, too, and only while it is armed. Confined to one thread.
 */
public final class RoomBell implements AutoCloseable {

    private final Epoll epoll;
    private boolean armed;

    private RoomBell(Epoll epoll) {
        this.epoll = epoll;
    }

    /** @param watched stays its owner's, and open for as long as the bell is armed */
    public static RoomBell on(int watched) {
        return new RoomBell(new Epoll(watched));
    }

    /** From now on, until {@link #disarm}, {@link #number} is readable whenever the watched descriptor is writable or has failed. */
    public void arm() {
        if (!armed) {
            epoll.watch(Epoll.WRITABLE);
            armed = true;
        }
    }

    public void disarm() {
        if (armed) {
            epoll.unwatch();
            armed = false;
        }
    }

    public int number() {
        return epoll.number();
    }

    @Override
    public void close() {
        epoll.close();
    }
}
