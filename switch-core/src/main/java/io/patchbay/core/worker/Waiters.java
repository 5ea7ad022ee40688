package io.patchbay.core.worker;

import io.netty.channel.epoll.Epoll;
import io.netty.channel.uring.IoUring;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The kinds of waiter there are. */
public enum Waiters {
    /** {@link #IO_URING} where the kernel and the container allow it, otherwise {@link #EPOLL}. */
    AUTO,
    IO_URING,
    EPOLL;

    private static final Logger LOG = LoggerFactory.getLogger(Waiters.class);

    /**
     * What makes waiters of this kind.
     *
     * @throws IllegalStateException if this machine refuses them; the message says why
     */
    public WaiterFactory factory() {
        return switch (this) {
            case IO_URING -> {
                if (!IoUring.isAvailable()) {
                    throw new IllegalStateException(
                            "io_uring cannot be used here: " + IoUring.unavailabilityCause(),
                            IoUring.unavailabilityCause());
                }
                yield IoUringWaiter::new;
            }
            case EPOLL -> {
                if (!Epoll.isAvailable()) {
                    throw new IllegalStateException(
                            "epoll cannot be used here: " + Epoll.unavailabilityCause(), Epoll.unavailabilityCause());
                }
                yield EpollWaiter::new;
            }
            case AUTO -> {
                if (IoUring.isAvailable()) {
                    yield IO_URING.factory();
                }
                LOG.info(
                        "io_uring cannot be used here ({}), workers sleep in epoll",
                        String.valueOf(IoUring.unavailabilityCause()));
                yield EPOLL.factory();
            }
        };
    }
}
