package io.patchbay.core.control;

import io.patchbay.core.linux.LinuxException;
import io.patchbay.core.linux.UnixSocket;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Tells the service manager how the daemon stands (sd_notify(3)); says nothing where there is none. */
final class Notify {

    private static final Logger LOG = LoggerFactory.getLogger(Notify.class);

    private final Optional<String> socket;

    /** @param socket value of {@code NOTIFY_SOCKET}, if set */
    Notify(Optional<String> socket) {
        this.socket = socket;
    }

    void ready(String status) {
        send("READY=1\nSTATUS=" + status);
    }

    void stopping() {
        send("STOPPING=1");
    }

    private void send(String message) {
        socket.ifPresent(path -> {
            try {
                UnixSocket.sendDatagram(path, message.getBytes(StandardCharsets.UTF_8));
            } catch (LinuxException | IllegalArgumentException e) {
                LOG.warn("cannot notify the service manager at {}: {}", path, e.getMessage());
            }
        });
    }
}
