package io.patchbay.core.worker;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.uring.IoUringIoEvent;
import io.netty.channel.uring.IoUringIoHandle;
import io.netty.channel.uring.IoUringIoHandler;
import io.netty.channel.uring.IoUringIoOps;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Sleeps in {@code io_uring_enter}.
 *
 * <p>Each descriptor has at most one poll request under way, made when the worker is about to sleep: however often a guest kicks while the
 * worker is busy, there is one completion.
 */
final class IoUringWaiter extends LoopWaiter {

    static final String KIND = "io_uring";

    /** Operation codes of {@code linux/io_uring.h}. */
    private static final byte IORING_OP_POLL_ADD = 6;

    private static final byte IORING_OP_ASYNC_CANCEL = 14;
    private static final int POLLIN = 1;
    private static final int ENTRIES = 256;

    IoUringWaiter(Thread thread) {
        super(thread, IoUringIoHandler.newFactory(ENTRIES));
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    Watch newWatch(ManualIoEventLoop loop, int descriptor) {
        Poll poll = new Poll(descriptor);
        poll.registration = loop.register(poll).syncUninterruptibly().getNow();
        return poll;
    }

    private final class Poll implements IoUringIoHandle, Watch {

        private final int descriptor;
        private final IoUringIoOps request;
        private @Nullable IoRegistration registration;
        private long ticket;
        private boolean pending;
        private boolean deaf;

        Poll(int descriptor) {
            this.descriptor = descriptor;
            this.request = operation(IORING_OP_POLL_ADD, descriptor, 0, POLLIN);
        }

        private static IoUringIoOps operation(byte code, int fd, long address, int flags) {
            return new IoUringIoOps(
                    code, (byte) 0, (short) 0, fd, 0L, address, 0, flags, 0L, (short) 0, (short) 0, 0, 0L);
        }

        private IoRegistration registration() {
            return Objects.requireNonNull(registration);
        }

        @Override
        public void listen(boolean yes) {
            deaf = !yes;
        }

        @Override
        public void arm() {
            if (!pending && !deaf) {
                pending = true;
                ticket = registration().submit(request);
            }
        }

        @Override
        public void cancel() {
            if (pending) {
                registration().submit(operation(IORING_OP_ASYNC_CANCEL, -1, ticket, 0));
            }
        }

        @Override
        public boolean isPending() {
            return pending;
        }

        @Override
        public void forget() {
            registration().cancel();
        }

        @Override
        public void handle(IoRegistration from, IoEvent event) {
            if (((IoUringIoEvent) event).opcode() == IORING_OP_POLL_ADD) {
                pending = false;
                if (((IoUringIoEvent) event).res() > 0) { // or it was cancelled
                    rang(descriptor);
                }
            }
        }

        @Override
        public void close() {
            // The descriptor is its queue's, not ours.
        }

        @Override
        public String toString() {
            return "poll of descriptor " + descriptor;
        }
    }
}
