package io.patchbay.vhost.frontend;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/** Reads frames from a receive ring, whose buffers the device may have filled one for each or several for one (mergeable buffers). */
final class FrameReader {

    private final DriverRing receive;
    private final int headerBytes;
    private final Runnable show;

    /** @param show shows the device what was offered to it */
    FrameReader(DriverRing receive, int headerBytes, Runnable show) {
        this.receive = receive;
        this.headerBytes = headerBytes;
        this.show = show;
    }

    /** The next frame, put together from all its buffers; empty if none has come. The device has its buffers again then. */
    Optional<FrontEnd.Received> next() {
        do {
            if (!receive.next()) {
                return Optional.empty();
            }
        } while (isGivenBackEmpty());
        MemorySegment buffers = receive.buffers();
        long at = receive.bufferOffset(receive.usedId());
        int buffersOfFrame = headerBytes == 12 ? buffers.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + 10) & 0xffff : 1;
        byte[] header = buffers.asSlice(at, headerBytes).toArray(ValueLayout.JAVA_BYTE);
        ByteArrayOutputStream frame = new ByteArrayOutputStream();
        append(frame, headerBytes);
        for (int i = 1; i < buffersOfFrame; i++) {
            while (!receive.next()) {
                Thread.onSpinWait(); // all buffers of a frame are published together
            }
            append(frame, 0);
        }
        show.run();
        return Optional.of(new FrontEnd.Received(header, frame.toByteArray()));
    }

    /** Lets the device have a buffer again in which it has not even put a header, as it may if it had to give up what it had begun. */
    private boolean isGivenBackEmpty() {
        if (receive.usedLength() >= headerBytes) {
            return false;
        }
        receive.offer(receive.usedId());
        show.run();
        return true;
    }

    private void append(ByteArrayOutputStream frame, int skip) {
        int id = receive.usedId();
        long at = receive.bufferOffset(id) + skip;
        byte[] part = receive.buffers().asSlice(at, receive.usedLength() - skip).toArray(ValueLayout.JAVA_BYTE);
        frame.writeBytes(part);
        receive.offer(id);
    }
}
