package io.patchbay.vhost.session;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.PollSet;
import io.patchbay.core.linux.UnixSocket;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.MessageDescriptor;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Takes messages, and the descriptors that come with them, out of the stream of bytes.
 *
 * <p>Never reads past the end of the current message: the descriptors of a read then always belong to the message being read.
 */
public final class Connection implements AutoCloseable {

    private final UnixSocket socket;
    private final Duration replyTime;
    private final byte[] header = new byte[MessageDescriptor.HEADER_BYTES];
    private final List<Fd> descriptors = new ArrayList<>();
    private final PollSet hangUp = new PollSet(1);
    private byte[] payload = new byte[0];
    private int headerBytes;
    private int payloadBytes;
    private boolean lostDescriptors;

    /**
     * @param socket taken over
     * @param replyTime how long a front end may take to make room for a reply
     */
    public Connection(UnixSocket socket, Duration replyTime) {
        this.socket = socket;
        this.replyTime = replyTime;
    }

    /**
     * A message with its descriptors, which are the receiver's to close.
     *
     * @param complete false if more descriptors came than any message has, or than this process may have open; those are closed
     */
    public record Incoming(Message message, List<Fd> descriptors, boolean complete) {}

    /**
     * Reads once.
     *
     * @return a message, if that read completed one
     * @throws ConnectionException at the end of the stream, or if what came is not vhost-user
     */
    public Optional<Incoming> read() throws ConnectionException {
        boolean inHeader = headerBytes < header.length;
        Optional<UnixSocket.Received> received = inHeader
                ? receive(header, headerBytes, header.length - headerBytes)
                : receive(payload, payloadBytes, payload.length - payloadBytes);
        if (received.isEmpty()) {
            return Optional.empty();
        }
        int n = received.get().bytes();
        if (n == 0) {
            throw new ConnectionException(
                    isMidMessage() ? "the front end closed in the middle of a message" : "the front end closed");
        }
        if (inHeader) {
            headerBytes += n;
            if (headerBytes < header.length) {
                return Optional.empty();
            }
            payload = new byte[checkedSize()];
        } else {
            payloadBytes += n;
        }
        return payloadBytes == payload.length ? Optional.of(take()) : Optional.empty();
    }

    private Optional<UnixSocket.Received> receive(byte[] buffer, int offset, int length) throws ConnectionException {
        try {
            Optional<UnixSocket.Received> received = socket.receive(buffer, offset, length);
            received.ifPresent(this::keepDescriptors);
            return received;
        } catch (LinuxException e) {
            throw new ConnectionException("reading failed: " + e.getMessage(), e);
        }
    }

    private void keepDescriptors(UnixSocket.Received received) {
        lostDescriptors |= received.truncated();
        for (Fd descriptor : received.descriptors()) {
            // A message sent byte by byte could otherwise bring some with each byte, until the process has no more to
            // give.
            if (descriptors.size() < MessageDescriptor.MAX_DESCRIPTORS) {
                descriptors.add(descriptor);
            } else {
                descriptor.close();
                lostDescriptors = true;
            }
        }
    }

    private int checkedSize() throws ConnectionException {
        ByteBuffer in = ByteBuffer.wrap(header).order(MessageDescriptor.ORDER);
        int flags = in.getInt(MessageDescriptor.FLAGS);
        int request = in.getInt(MessageDescriptor.REQUEST);
        if ((flags & MessageDescriptor.VERSION_MASK) != MessageDescriptor.VERSION) {
            throw new ConnectionException(
                    "the front end does not speak vhost-user: request " + request + " has version "
                            + (flags & MessageDescriptor.VERSION_MASK) + " instead of " + MessageDescriptor.VERSION);
        }
        if ((flags & MessageDescriptor.FLAG_REPLY) != 0) {
            throw new ConnectionException(
                    "the front end sent a reply, to request " + request + ", where a request belongs");
        }
        long size = Integer.toUnsignedLong(in.getInt(MessageDescriptor.SIZE));
        if (size > MessageDescriptor.MAX_PAYLOAD_BYTES) {
            throw new ConnectionException("the front end announced a payload of " + size + " bytes for request "
                    + request + "; allowed: up to " + MessageDescriptor.MAX_PAYLOAD_BYTES);
        }
        return (int) size;
    }

    private Incoming take() {
        ByteBuffer in = ByteBuffer.wrap(header).order(MessageDescriptor.ORDER);
        Message message =
                new Message(in.getInt(MessageDescriptor.REQUEST), in.getInt(MessageDescriptor.FLAGS), payload);
        Incoming incoming = new Incoming(message, List.copyOf(descriptors), !lostDescriptors);
        descriptors.clear();
        lostDescriptors = false;
        headerBytes = 0;
        payloadBytes = 0;
        payload = new byte[0];
        return incoming;
    }

    /** Whether a message has begun and not ended. */
    public boolean isMidMessage() {
        return headerBytes > 0;
    }

    /**
     * Sends a message whole.
     *
     * @throws ConnectionException if the front end has gone, or does not read
     */
    public void send(Message message) throws ConnectionException {
        byte[] bytes = message.encode();
        long deadline = System.nanoTime() + replyTime.toNanos();
        PollSet writable = new PollSet(1);
        try {
            for (int sent = 0; sent < bytes.length; ) {
                int n = socket.send(bytes, sent, bytes.length - sent, List.of());
                sent += n;
                if (n == 0) {
                    Duration left = Duration.ofNanos(deadline - System.nanoTime());
                    if (left.isNegative()) {
                        throw new ConnectionException("the front end does not read its replies");
                    }
                    boolean _ =
                            writable.clear().add(socket.number(), PollSet.OUT).await(left.plusMillis(1));
                }
            }
        } catch (LinuxException e) {
            throw new ConnectionException("replying failed: " + e.getMessage(), e);
        }
    }

    public UnixSocket.Peer peer() {
        return socket.peer();
    }

    /** Whether the other side has closed it; messages from before that may still be unread. */
    boolean hasHungUp() {
        return hangUp.clear().add(socket.number(), PollSet.HANG_UP).isReady();
    }

    /** The descriptor that becomes readable when there is something to read. */
    public int number() {
        return socket.number();
    }

    /** Ends the connection from any thread; the reader finds the end of the stream. */
    public void shutdown() {
        socket.shutdown();
    }

    @Override
    public void close() {
        descriptors.forEach(Fd::close);
        descriptors.clear();
        socket.close();
    }
}
