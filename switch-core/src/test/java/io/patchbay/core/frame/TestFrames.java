package io.patchbay.core.frame;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;

/** Makes frames and puts them into bursts as a receive queue would. */
public final class TestFrames {

    private TestFrames() {}

    /** A frame of random bytes with the addresses given. */
    public static byte[] frame(long destination, long source, int length, Random random) {
        byte[] frame = new byte[length];
        random.nextBytes(frame);
        System.arraycopy(MacAddress.toBytes(destination), 0, frame, 0, 6);
        System.arraycopy(MacAddress.toBytes(source), 0, frame, 6, 6);
        return frame;
    }

    /** Adds a frame whose tail is cut into pieces of random length. */
    public static void add(Burst burst, byte[] frame, Random random) {
        byte[] head = new byte[Burst.HEAD_BYTES];
        System.arraycopy(frame, 0, head, 0, Math.min(head.length, frame.length));
        MemorySegment memory = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, frame);
        for (int at = Burst.HEAD_BYTES; at < frame.length; ) {
            int n = Math.min(frame.length - at, 1 + random.nextInt(frame.length));
            burst.addSegment(memory, at, n);
            at += n;
        }
        ByteBuffer words = ByteBuffer.wrap(head).order(ByteOrder.LITTLE_ENDIAN);
        burst.endFrame(words.getLong(0), words.getLong(8), frame.length);
    }
}
