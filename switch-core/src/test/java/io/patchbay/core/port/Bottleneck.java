package io.patchbay.core.port;

import io.patchbay.core.linux.FileCalls;
import io.patchbay.core.linux.FrameBatch;
import io.patchbay.core.linux.UnixSocket;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A wire that takes frames of one length until the kernel has no room for more, and goes on when they are read at the other end. */
public final class Bottleneck implements FrameSink, AutoCloseable {

    private final Path directory = Files.createTempDirectory("pbneck");
    private final UnixSocket listener = UnixSocket.listen(directory.resolve("s").toString(), 1);
    private final UnixSocket near = UnixSocket.connect(directory.resolve("s").toString());
    private final UnixSocket far = listener.accept().orElseThrow();
    private final int frameBytes;
    private final ByteBuffer partial;

    /** @param frameBytes of every frame as it is written */
    public Bottleneck(int frameBytes) throws IOException {
        this.frameBytes = frameBytes;
        this.partial = ByteBuffer.allocate(frameBytes);
    }

    @Override
    public int write(FrameBatch batch, int from) {
        return FileCalls.writeEach(near.number(), batch, from, batch.frames());
    }

    @Override
    public int descriptor() {
        return near.number();
    }

    /** Reads at most so many frames. */
    public List<byte[]> read(int most) {
        List<byte[]> frames = new ArrayList<>();
        while (frames.size() < most) {
            var got = far.receive(partial.array(), partial.position(), partial.remaining());
            if (got.isEmpty()) {
                break;
            }
            partial.position(partial.position() + got.get().bytes());
            if (!partial.hasRemaining()) {
                frames.add(partial.array().clone());
                partial.clear();
            }
        }
        return frames;
    }

    int frameBytes() {
        return frameBytes;
    }

    @Override
    public void close() throws IOException {
        near.close();
        far.close();
        listener.close();
        Files.deleteIfExists(directory.resolve("s"));
        Files.delete(directory);
    }
}
