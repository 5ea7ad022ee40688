package io.patchbay.testbed;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/** A QEMU process, by the machine protocol (QMP): one JSON object a line, each way. */
final class QemuMonitor implements AutoCloseable {

    private final SocketChannel socket;
    private final BufferedReader answers;

    private QemuMonitor(SocketChannel socket) {
        this.socket = socket;
        this.answers = new BufferedReader(Channels.newReader(socket, StandardCharsets.UTF_8));
    }

    /** Connects to {@code -qmp unix:PATH,server=on,wait=off} of a process that has just been started. */
    static QemuMonitor connect(Path path) throws IOException, InterruptedException {
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        while (!Files.exists(path)) {
            assertThat(System.nanoTime()).as("QEMU makes its monitor").isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(20);
        }
        QemuMonitor monitor = new QemuMonitor(SocketChannel.open(UnixDomainSocketAddress.of(path)));
        monitor.execute("qmp_capabilities", "");
        return monitor;
    }

    /**
     * Runs a command, which must succeed.
     *
     * @param arguments members of a JSON object, in which {@code '} stands for {@code "}
     * @return the answer as it comes
     */
    String execute(String command, String arguments) throws IOException {
        String line = "{\"execute\":\"" + command + "\",\"arguments\":{" + arguments.replace('\'', '"') + "}}\n";
        socket.write(StandardCharsets.UTF_8.encode(line));
        while (true) {
            String answer = Optional.ofNullable(answers.readLine()).orElseThrow(() -> new IOException("QEMU is gone"));
            if (answer.startsWith("{\"error\"")) {
                throw new AssertionError(command + ": " + answer);
            }
            if (answer.startsWith("{\"return\"")) {
                return answer; // anything else is the greeting, or an event
            }
        }
    }

    /** Asks until the answer holds a text. */
    String await(String command, String text, Duration atMost) throws IOException, InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        String answer = execute(command, "");
        while (!answer.contains(text)) {
            assertThat(System.nanoTime()).as("%s: %s", command, answer).isLessThan(end);
            TimeUnit.MILLISECONDS.sleep(20);
            answer = execute(command, "");
        }
        return answer;
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
