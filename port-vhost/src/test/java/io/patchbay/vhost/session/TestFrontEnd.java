package io.patchbay.vhost.session;

import io.patchbay.core.linux.Fd;
import io.patchbay.core.linux.PollSet;
import io.patchbay.core.linux.SharedMemory;
import io.patchbay.core.linux.UnixSocket;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.MessageDescriptor;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;

/** A front end that sends whatever bytes and descriptors a test wants, and reads replies. */
final class TestFrontEnd implements AutoCloseable {

    /** Name of every file sent, by which {@link OpenDescriptors} finds those that were forgotten. */
    static final String FILE_NAME = "patchbay-session-test";

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private final UnixSocket socket;

    private TestFrontEnd(UnixSocket socket) {
        this.socket = socket;
    }

    static TestFrontEnd connect(Path path) {
        return new TestFrontEnd(UnixSocket.connect(path.toString()));
    }

    /** Sends bytes in one piece, with so many descriptors. */
    void send(byte[] bytes, int files) {
        send(bytes, 0, bytes.length, files);
    }

    void send(byte[] bytes, int from, int to, int files) {
        List<Fd> fds = IntStream.range(0, files)
                .mapToObj(i -> SharedMemory.createMemfd(FILE_NAME, 4096))
                .toList();
        try {
            int sent = from == to ? 0 : socket.send(bytes, from, to - from, fds);
            if (sent != to - from) {
                throw new AssertionError("only " + sent + " bytes of " + (to - from) + " could be sent");
            }
        } finally {
            fds.forEach(Fd::close);
        }
    }

    /** Sends without waiting for room; says whether there was room. */
    boolean trySend(byte[] bytes) {
        return socket.send(bytes, 0, bytes.length, List.of()) == bytes.length;
    }

    void send(Message message, int files) {
        send(message.encode(), files);
    }

    /** The next reply. */
    Message reply() {
        byte[] header = read(MessageDescriptor.HEADER_BYTES);
        ByteBuffer in = ByteBuffer.wrap(header).order(MessageDescriptor.ORDER);
        return new Message(
                in.getInt(MessageDescriptor.REQUEST),
                in.getInt(MessageDescriptor.FLAGS),
                read(in.getInt(MessageDescriptor.SIZE)));
    }

    /** Waits until the other side has ended the connection; whatever it still says is an error. */
    void awaitEnd() {
        byte[] one = new byte[1];
        if (receive(one, 0) != 0) {
            throw new AssertionError("a byte came where the end should be: " + one[0]);
        }
    }

    private byte[] read(int length) {
        byte[] bytes = new byte[length];
        for (int at = 0; at < length; ) {
            int n = receive(bytes, at);
            if (n == 0) {
                throw new AssertionError("the connection ended after " + at + " bytes of " + length);
            }
            at += n;
        }
        return bytes;
    }

    private int receive(byte[] bytes, int at) {
        if (!new PollSet(1).add(socket.number(), PollSet.IN).await(PATIENCE)) {
            throw new AssertionError("nothing came within " + PATIENCE);
        }
        UnixSocket.Received received =
                socket.receive(bytes, at, bytes.length - at).orElseThrow();
        received.descriptors().forEach(Fd::close);
        return received.bytes();
    }

    @Override
    public void close() {
        socket.close();
    }
}
