package io.patchbay.rawsock;

import io.patchbay.core.linux.ReceiveBatch;
import io.patchbay.core.linux.XdpSocket;
import io.patchbay.core.port.FrameSource;

/** Frames that an AF_XDP socket receives: complete, and without a header. */
record XdpSource(XdpSocket socket, ReceiveBatch batch) implements FrameSource {

    @Override
    public int read(int from, int most) {
        return socket.receive(batch, from, most);
    }

    @Override
    public int lost() {
        return socket.takeKernelDrops();
    }

    @Override
    public void arm() {
        socket.arm();
    }

    @Override
    public int descriptor() {
        return socket.bell();
    }
}
