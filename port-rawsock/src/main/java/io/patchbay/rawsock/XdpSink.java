package io.patchbay.rawsock;

import io.patchbay.core.linux.Errno;
import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.linux.XdpSocket;
import io.patchbay.core.port.FrameSink;

/** Frames that are sent by an AF_XDP socket. How many are on their way is limited by its ring, not by a buffer. */
record XdpSink(XdpSocket socket, Runnable trouble) implements FrameSink {

    @Override
    public int write(FrameBatch batch, int from) {
        int n = socket.send(batch, from);
        if (n == -Errno.ENXIO) {
            trouble.run(); // the interface has left the socket
        }
        return n;
    }

    @Override
    public int lost() {
        return socket.takeRefused();
    }

    @Override
    public int descriptor() {
        return socket.number();
    }
}
