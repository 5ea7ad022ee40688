package io.patchbay.core.control.http;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** An HTTP client that does as it is told, one byte after the other. */
final class Client implements Closeable {

    private static final String LENGTH = "content-length: ";

    private final SocketChannel channel;
    private final InputStream in;

    private Client(SocketChannel channel) {
        this.channel = channel;
        this.in = new BufferedInputStream(Channels.newInputStream(channel));
    }

    static Client connect(SocketAddress server) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(server);
        return new Client(channel);
    }

    void send(String text) {
        try {
            ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    String ask(String path) throws IOException {
        send("GET " + path + " HTTP/1.1\r\nHost: test\r\n\r\n");
        return answer();
    }

    /** The next answer, head and body. */
    String answer() throws IOException {
        StringBuilder text = new StringBuilder();
        int length = 0;
        boolean chunked = false;
        for (String line = line(); !line.equals("\r\n"); line = line()) {
            text.append(line);
            chunked |= line.equals("transfer-encoding: chunked\r\n");
            if (line.startsWith(LENGTH)) {
                length = Integer.parseInt(line.substring(LENGTH.length()).strip());
            }
        }
        return text.append("\r\n").append(chunked ? chunks() : text(length)).toString();
    }

    private String chunks() throws IOException {
        StringBuilder text = new StringBuilder();
        int length;
        do {
            length = Integer.parseInt(line().strip(), 16);
            text.append(text(length));
            line();
        } while (length > 0);
        return text.toString();
    }

    private String text(int length) throws IOException {
        return new String(in.readNBytes(length), StandardCharsets.UTF_8);
    }

    /** What comes until the server closes the connection. */
    String rest() throws IOException {
        return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        while (line.isEmpty() || line.charAt(line.length() - 1) != '\n') {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("the connection ended after: " + line);
            }
            line.append((char) next);
        }
        return line.toString();
    }

    /** Whether the server has closed the connection, or will without another byte. */
    boolean isAtEnd() throws IOException {
        return in.read() < 0;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
