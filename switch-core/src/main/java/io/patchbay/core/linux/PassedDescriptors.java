package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/** Descriptors beside a message from process to process (SCM_RIGHTS, unix(7)), as the message's control data: {@link MessageHeader} has its layout. */
final class PassedDescriptors {

    private static final int SCM_RIGHTS = 1;
    private static final long HEADER = MessageHeader.CONTROL_HEADER_BYTES;

    private PassedDescriptors() {}

    /** Memory for control data with so many descriptors. */
    static MemorySegment room(Arena arena, int descriptors) {
        return arena.allocate(HEADER + MessageHeader.align((long) Integer.BYTES * descriptors), Long.BYTES);
    }

    /** Control data with these descriptors, at least one, which stay the caller's. */
    static MemorySegment of(List<Fd> descriptors, Arena arena) {
        MemorySegment control = room(arena, descriptors.size());
        control.set(JAVA_LONG, MessageHeader.CONTROL_ITEM_LENGTH, HEADER + (long) Integer.BYTES * descriptors.size());
        control.set(JAVA_INT, MessageHeader.CONTROL_ITEM_LEVEL, SocketOptions.SOL_SOCKET);
        control.set(JAVA_INT, MessageHeader.CONTROL_ITEM_TYPE, SCM_RIGHTS);
        for (int i = 0; i < descriptors.size(); i++) {
            control.set(
                    JAVA_INT,
                    HEADER + (long) Integer.BYTES * i,
                    descriptors.get(i).number());
        }
        return control;
    }

    /** The descriptors in control data that was received. They are open, and from now on the caller's to close. */
    static List<Fd> adopt(MemorySegment control) {
        List<Fd> descriptors = new ArrayList<>();
        long at = 0;
        while (at + HEADER <= control.byteSize()) {
            long length = control.get(JAVA_LONG, at + MessageHeader.CONTROL_ITEM_LENGTH);
            boolean rights = control.get(JAVA_INT, at + MessageHeader.CONTROL_ITEM_LEVEL) == SocketOptions.SOL_SOCKET
                    && control.get(JAVA_INT, at + MessageHeader.CONTROL_ITEM_TYPE) == SCM_RIGHTS;
            for (long f = at + HEADER; rights && f + Integer.BYTES <= at + length; f += Integer.BYTES) {
                descriptors.add(Fd.adopt(control.get(JAVA_INT, f)));
            }
            at += Math.max(HEADER, MessageHeader.align(length));
        }
        return List.copyOf(descriptors);
    }
}
