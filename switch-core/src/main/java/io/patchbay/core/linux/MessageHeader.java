package io.patchbay.core.linux;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Layouts of {@code struct msghdr}, {@code struct mmsghdr} and {@code struct cmsghdr} ({@code <sys/socket.h>}, 64-bit).
 *
 * <pre>
 *   0       8          12   16       24       32         40          48     52
 *  +-------+----------+----+--------+--------+----------+-----------+------+----+
 *  | name  | name len |    |  iov   | iov len| control  | ctl length| flags|    |  msghdr
 *  +-------+----------+----+--------+--------+----------+-----------+------+----+
 *
 *   0         56    60   64
 *  +---------+-----+----+
 *  | msghdr  | len |    |   mmsghdr: one of several messages of one call; len is how much of it was sent, or received
 *  +---------+-----+----+
 *
 *   0       8      12      16
 *  +-------+------+-------+----------+
 *  | len   | level| type  |  data    |  cmsghdr; the next begins at the next multiple of 8
 *  +-------+------+-------+----------+
 * </pre>
 */
final class MessageHeader {

    static final int BYTES = 56;
    static final int NAME = 0;
    static final int NAME_LENGTH = 8;
    static final int IOV = 16;
    static final int IOV_LENGTH = 24;
    static final int CONTROL = 32;
    static final int CONTROL_LENGTH = 40;
    static final int FLAGS = 48;

    static final int OF_SEVERAL_BYTES = 64;
    static final int OF_SEVERAL_LENGTH = 56;

    static final int CONTROL_HEADER_BYTES = 16;
    static final int CONTROL_ITEM_LENGTH = 0;
    static final int CONTROL_ITEM_LEVEL = 8;
    static final int CONTROL_ITEM_TYPE = 12;

    /** The control data did not fit, and what did not was thrown away. */
    static final int MSG_CTRUNC = 8;
    /** The message did not fit. */
    static final int MSG_TRUNC = 0x20;

    private MessageHeader() {}

    static void set(
            MemorySegment header, MemorySegment vector, long entries, MemorySegment control, long controlBytes) {
        header.fill((byte) 0);
        header.set(ValueLayout.JAVA_LONG, IOV, vector.address());
        header.set(ValueLayout.JAVA_LONG, IOV_LENGTH, entries);
        if (controlBytes > 0) {
            header.set(ValueLayout.JAVA_LONG, CONTROL, control.address());
            header.set(ValueLayout.JAVA_LONG, CONTROL_LENGTH, controlBytes);
        }
    }

    static long align(long bytes) {
        return (bytes + 7) & ~7L;
    }
}
