package io.patchbay.vhost.frontend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.MessageDescriptor;
import io.patchbay.vhost.wire.Request;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A front end before a device that answers as it likes. */
@Timeout(20)
class VhostClientTest {

    @TempDir
    private Path directory;

    private ServerSocketChannel server;
    private VhostClient client;
    private SocketChannel device;

    @BeforeEach
    void connect() throws IOException {
        UnixDomainSocketAddress address = UnixDomainSocketAddress.of(directory.resolve("vm.sock"));
        server = ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(address);
        client = VhostClient.connect(address.getPath().toString());
        device = server.accept();
    }

    @AfterEach
    void close() throws IOException {
        client.close();
        device.close();
        server.close();
    }

    private void answer(int size, byte[] payload) throws IOException {
        ByteBuffer reply = ByteBuffer.allocate(MessageDescriptor.HEADER_BYTES + payload.length)
                .order(MessageDescriptor.ORDER)
                .putInt(MessageDescriptor.REQUEST, Request.GET_FEATURES.number())
                .putInt(MessageDescriptor.FLAGS, MessageDescriptor.VERSION | MessageDescriptor.FLAG_REPLY)
                .putInt(MessageDescriptor.SIZE, size)
                .put(MessageDescriptor.HEADER_BYTES, payload);
        assertThat(device.write(reply)).isEqualTo(reply.capacity());
    }

    @Test
    void anAnswerIsTaken() throws IOException {
        answer(MessageDescriptor.NUMBER_BYTES, Message.number(5));
        assertThat(client.ask(Request.GET_FEATURES)).isEqualTo(5);
    }

    @ParameterizedTest
    @ValueSource(ints = {MessageDescriptor.MAX_PAYLOAD_BYTES + 1, Integer.MAX_VALUE, -1, Integer.MIN_VALUE})
    void anAnswerLongerThanAnyIsRefusedBeforeThereIsMemoryForIt(int size) throws IOException {
        answer(size, new byte[0]);
        assertThatThrownBy(() -> client.ask(Request.GET_FEATURES))
                .isInstanceOf(IOException.class)
                .hasMessage("the device announces an answer of " + Integer.toUnsignedString(size)
                        + " bytes to GET_FEATURES");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 7})
    void anAnswerTooShortForANumberIsRefused(int size) throws IOException {
        answer(size, new byte[size]);
        assertThatThrownBy(() -> client.ask(Request.GET_FEATURES))
                .isInstanceOf(IOException.class)
                .hasMessage("the device answers GET_FEATURES with " + size + " bytes, not with a number");
    }
}
