package io.patchbay.core.worker;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;

/** Sleeps in {@code epoll_wait}: where io_uring is forbidden, as container runtimes mostly do. */
final class EpollWaiter extends LoopWaiter {

    EpollWaiter(Thread thread) {
        super(thread, EpollIoHandler.newFactory());
    }

    @Override
    public String kind() {
        return "epoll";
    }

    @Override
    Watch newWatch(ManualIoEventLoop loop, int descriptor) {
        IoRegistration registration =
                loop.register(new Handle(descriptor)).syncUninterruptibly().getNow();
        registration.submit(EpollIoOps.EPOLLIN);
        return new Watch() {

            private boolean listens = true;

            @Override
            public void listen(boolean yes) {
                if (yes != listens) {
                    listens = yes;
                    // Not NONE: Netty would take the descriptor out of the set for good.
                    registration.submit(yes ? EpollIoOps.EPOLLIN : EpollIoOps.EPOLLRDHUP);
                }
            }

            @Override
            public void arm() {
                // Level-triggered: it stays armed.
            }

            @Override
            public void cancel() {
                registration.cancel();
            }

            @Override
            public boolean isPending() {
                return false;
            }

            @Override
            public void forget() {
                // Gone with the cancellation.
            }
        };
    }

    private final class Handle implements EpollIoHandle {

        private final int descriptor;

        Handle(int descriptor) {
            this.descriptor = descriptor;
        }

        @Override
        public FileDescriptor fd() {
            return new FileDescriptor(descriptor);
        }

        @Override
        public void handle(IoRegistration registration, IoEvent event) {
            rang(descriptor);
        }

        @Override
        public void close() {
            // The descriptor is its queue's, not ours.
        }
    }
}
