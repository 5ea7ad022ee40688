package io.patchbay.core.worker;

import io.patchbay.core.frame.Burst;
import io.patchbay.core.frame.EthernetDescriptor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Native memory that lends one injected frame to a burst. Native, like all memory a burst lends, so that copies stay of one kind. */
final class InjectionBuffer {

    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final MemorySegment memory = Arena.ofAuto().allocate(EthernetDescriptor.MAX_FRAME_BYTES + Burst.HEAD_BYTES);

    /** Makes {@code burst} hold just this frame. */
    void fill(Burst burst, byte[] frame) {
        memory.asSlice(0, Burst.HEAD_BYTES).fill((byte) 0);
        MemorySegment.copy(frame, 0, memory, ValueLayout.JAVA_BYTE, 0, frame.length);
        burst.clear();
        if (frame.length > Burst.HEAD_BYTES) {
            burst.addSegment(memory, Burst.HEAD_BYTES, frame.length - Burst.HEAD_BYTES);
        }
        burst.endFrame(memory.get(WORD, 0), memory.get(WORD, Long.BYTES), frame.length);
    }
}
