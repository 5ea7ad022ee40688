package io.patchbay.testbed;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A program that is told things on its standard input and answers on its standard output. Killed when closed. */
final class Conversation implements AutoCloseable {

    private final Process process;
    private final Path log;
    private final OutputStream input;
    private int read;

    Conversation(List<String> command) throws IOException {
        log = Files.createTempFile("patchbay-peer", ".log");
        process = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();
        input = process.getOutputStream();
    }

    void say(String line) throws IOException {
        input.write((line + "\n").getBytes(StandardCharsets.UTF_8));
        input.flush();
    }

    /** Waits until the program has printed {@code text}, after what was waited for before, and gives everything up to it. */
    String await(String text, Duration atMost) throws IOException, InterruptedException {
        long end = System.nanoTime() + atMost.toNanos();
        while (true) {
            String all = Files.readString(log, StandardCharsets.ISO_8859_1);
            int at = all.indexOf(text, read);
            if (at >= 0) {
                String heard = all.substring(read, at);
                read = at + text.length();
                return heard;
            }
            if (System.nanoTime() > end || !process.isAlive()) {
                throw new AssertionError("\"" + text + "\" was not heard; the program "
                        + (process.isAlive() ? "runs and" : "has ended and") + " said:\n"
                        + all.substring(Math.max(0, all.length() - 4000)));
            }
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    /** Waits for the program to end by itself, and gives what it printed after what was waited for before. */
    String finish(Duration atMost) throws IOException, InterruptedException {
        boolean ended = process.waitFor(atMost.toMillis(), TimeUnit.MILLISECONDS);
        String rest = Files.readString(log, StandardCharsets.ISO_8859_1).substring(read);
        if (!ended) {
            throw new AssertionError("the program goes on; it said:\n" + rest);
        }
        return rest;
    }

    /** Ends the program without a warning, as a crash would. */
    void kill() throws InterruptedException {
        process.descendants().forEach(ProcessHandle::destroyForcibly); // what timeout(1) runs for us
        process.destroyForcibly().waitFor();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        kill();
        Files.deleteIfExists(log);
    }
}
