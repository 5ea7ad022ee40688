package io.patchbay.testbed;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** Sends and receives frames on devices in a namespace, with nothing of ours in between but two pipes. */
final class PacketSockets implements AutoCloseable {

    private final Process process;
    private final BufferedReader answers;
    private final Writer orders;

    /** A frame that came out of a device. */
    record Arrival(String device, byte[] frame) {}

    PacketSockets(String namespace, List<String> devices) throws IOException {
        List<String> command = new ArrayList<>(List.of("ip", "netns", "exec", namespace));
        command.add(Path.of("corpus", "packet-sockets").toAbsolutePath().toString());
        command.addAll(devices);
        process = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        answers = process.inputReader(StandardCharsets.US_ASCII);
        orders = process.outputWriter(StandardCharsets.US_ASCII);
        String ready = answer();
        if (!ready.equals("ready")) {
            throw new IOException("packet-sockets said " + ready);
        }
    }

    /** Sends a frame out of a device, which must take it. */
    void send(String device, byte[] frame) throws IOException {
        send(device, frame, 1);
    }

    /** Sends a frame so many times, as fast as it goes. */
    void send(String device, byte[] frame, int times) throws IOException {
        order("send " + device + " " + HexFormat.of().formatHex(frame) + " " + times);
        String answer = answer();
        if (!answer.equals("ok")) {
            throw new IOException("sending " + frame.length + " bytes out of " + device + ": " + answer);
        }
    }

    /** What has come since this was last asked, in order for each device. */
    List<Arrival> collect() throws IOException {
        order("collect");
        List<Arrival> arrivals = new ArrayList<>();
        for (String line = answer(); !line.equals("end"); line = answer()) {
            String[] words = line.split(" ");
            arrivals.add(new Arrival(words[1], HexFormat.of().parseHex(words[2])));
        }
        return arrivals;
    }

    private void order(String line) throws IOException {
        orders.write(line + "\n");
        orders.flush();
    }

    private String answer() throws IOException {
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("packet-sockets has ended");
        }
        return line;
    }

    @Override
    public void close() {
        try {
            orders.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } finally {
            process.destroyForcibly();
        }
    }
}
