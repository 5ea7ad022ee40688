package io.patchbay.vhost.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.patchbay.core.linux.UnixSocket;
import io.patchbay.vhost.wire.Message;
import io.patchbay.vhost.wire.Request;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConnectionTest {

    @TempDir
    private Path directory;

    @Test
    void aConnectionThatIsReadWhenNothingHasComeGivesNothingAndGoesOn() throws Exception {
        String path = directory.resolve("vm.sock").toString();
        try (UnixSocket listener = UnixSocket.bind(path)) {
            listener.listen(1);
            try (UnixSocket frontEnd = UnixSocket.connect(path);
                    Connection connection = new Connection(listener.accept().orElseThrow(), Duration.ofSeconds(1))) {
                assertThat(connection.read()).isEmpty();

                byte[] bytes =
                        Message.request(Request.SET_OWNER, false, new byte[0]).encode();
                frontEnd.send(bytes, 0, 5, List.of());
                assertThat(connection.read()).isEmpty();
                assertThat(connection.read()).as("in the middle of a message").isEmpty();
                assertThat(connection.isMidMessage()).isTrue();

                frontEnd.send(bytes, 5, bytes.length - 5, List.of());
                assertThat(connection.read())
                        .hasValueSatisfying(incoming ->
                                assertThat(incoming.message().request()).isEqualTo(Request.SET_OWNER.number()));
            }
        }
    }
}
