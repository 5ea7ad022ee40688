package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;

/** Asks a server one thing, by hand: the answer is looked at as it is on the wire. */
final class Http {

    private Http() {}

    record Response(int status, String head, String body) {

        String header(String name) {
            return head.lines()
                    .filter(line -> line.regionMatches(true, 0, name + ":", 0, name.length() + 1))
                    .map(line -> line.substring(name.length() + 1).strip())
                    .findFirst()
                    .orElse("");
        }
    }

    static Response get(SocketAddress server, String path) throws IOException {
        return ask(server, "GET", path);
    }

    static Response ask(SocketAddress server, String method, String path) throws IOException {
        return exchange(server, method + " " + path + " HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    }

    /** Sends a text and reads until the server closes the connection. */
    static Response exchange(SocketAddress server, String text) throws IOException {
        try (SocketChannel channel = server instanceof UnixDomainSocketAddress
                ? SocketChannel.open(StandardProtocolFamily.UNIX)
                : SocketChannel.open()) {
            channel.connect(server);
            channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
            ByteArrayOutputStream all = new ByteArrayOutputStream();
            ByteBuffer buffer = ByteBuffer.allocate(1 << 16);
            while (channel.read(buffer.clear()) >= 0) {
                all.write(buffer.array(), 0, buffer.position());
            }
            String response = all.toString(StandardCharsets.UTF_8);
            assertThat(response).matches("(?s)HTTP/1\\.[01] \\d{3} .*\r\n\r\n.*");
            int end = response.indexOf("\r\n\r\n");
            Response whole = new Response(
                    Integer.parseInt(response.substring(9, 12)),
                    response.substring(0, end),
                    response.substring(end + 4));
            return whole.header("transfer-encoding").equals("chunked")
                    ? new Response(whole.status(), whole.head(), joined(whole.body()))
                    : whole;
        }
    }

    /** The text that comes in chunks, none of which has a character of more than a byte. */
    private static String joined(String chunks) {
        StringBuilder text = new StringBuilder();
        int at = 0;
        while (true) {
            int end = chunks.indexOf("\r\n", at);
            int length = Integer.parseInt(chunks.substring(at, end), 16);
            if (length == 0) {
                return text.toString();
            }
            text.append(chunks, end + 2, end + 2 + length);
            at = end + 2 + length + 2;
        }
    }

    static InetSocketAddress local(String hostAndPort) {
        int colon = hostAndPort.lastIndexOf(':');
        return new InetSocketAddress(
                hostAndPort.substring(0, colon), Integer.parseInt(hostAndPort.substring(colon + 1)));
    }
}
