package io.patchbay.vhost.frontend;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.PollSet;
import io.patchbay.core.linux.UnixSocket;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.MessageDescriptor;
import io.patchbay.vhost.wire.Request;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;

/** The front end's side of the connection: sends requests and waits for what answers them. Confined to one thread. */
public final class VhostClient implements AutoCloseable {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final UnixSocket socket;
    private boolean replyAck;

    private VhostClient(UnixSocket socket) {
        this.socket = socket;
    }

    /** Connects to a device that listens. */
    public static VhostClient connect(String path) {
        return new VhostClient(UnixSocket.connect(path));
    }

    /** From now on every request without a reply of its own asks for success or failure. */
    public void negotiatedReplyAck() {
        replyAck = true;
    }

    /** Sends a request that is answered by a number. */
    public long ask(Request request) throws IOException {
        send(Message.request(request, false, new byte[0]).encode(), List.of());
        return receiveNumber(request);
    }

    /** Sends a request that is answered with a payload. */
    public byte[] exchange(Request request, byte[] payload, List<Fd> descriptors) throws IOException {
        send(Message.request(request, false, payload).encode(), descriptors);
        return receive(request).payload();
    }

    /**
     * Sends a request and, once REPLY_ACK is negotiated, waits for success.
     *
     * @throws IOException if the device refuses it
     */
    public void tell(Request request, byte[] payload, List<Fd> descriptors) throws IOException {
        send(Message.request(request, replyAck, payload).encode(), descriptors);
        if (replyAck) {
            if (receiveNumber(request) != 0) {
                throw new IOException("the device refused " + request);
            }
        }
    }

    /** Sends bytes as they are. */
    public void send(byte[] bytes, List<Fd> descriptors) throws IOException {
        int sent = socket.send(bytes, 0, bytes.length, descriptors);
        while (sent < bytes.length) {
            await(PollSet.OUT);
            sent += socket.send(bytes, sent, bytes.length - sent, List.of());
        }
    }

    private long receiveNumber(Request request) throws IOException {
        Message reply = receive(request);
        if (reply.payload().length < MessageDescriptor.NUMBER_BYTES) {
            throw new IOException(
                    "the device answers " + request + " with " + reply.payload().length + " bytes, not with a number");
        }
        return reply.asNumber();
    }

    private Message receive(Request request) throws IOException {
        ByteBuffer header =
                ByteBuffer.wrap(read(MessageDescriptor.HEADER_BYTES)).order(MessageDescriptor.ORDER);
        int size = header.getInt(MessageDescriptor.SIZE);
        if (size < 0 || size > MessageDescriptor.MAX_PAYLOAD_BYTES) {
            throw new IOException(
                    "the device announces an answer of " + Integer.toUnsignedString(size) + " bytes to " + request);
        }
        Message reply = new Message(
                header.getInt(MessageDescriptor.REQUEST), header.getInt(MessageDescriptor.FLAGS), read(size));
        if (reply.request() != request.number() || (reply.flags() & MessageDescriptor.FLAG_REPLY) == 0) {
            throw new IOException("request " + reply.request() + " answers " + request);
        }
        return reply;
    }

    private byte[] read(int bytes) throws IOException {
        byte[] buffer = new byte[bytes];
        for (int n = 0; n < bytes; ) {
            await(PollSet.IN);
            var received = socket.receive(buffer, n, bytes - n);
            if (received.isPresent()) {
                if (received.get().bytes() == 0) {
                    throw new EOFException("the device closed the connection");
                }
                received.get().descriptors().forEach(Fd::close);
                n += received.get().bytes();
            }
        }
        return buffer;
    }

    private void await(int events) throws IOException {
        if (!new PollSet(1).add(socket.number(), events).await(PATIENCE)) {
            throw new IOException("the device does not answer");
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
