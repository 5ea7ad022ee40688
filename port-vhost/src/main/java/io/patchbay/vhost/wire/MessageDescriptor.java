package io.patchbay.vhost.wire;

import java.nio.ByteOrder;

/**
 * Layout of vhost-user messages ("Vhost-user Protocol", section "Message Specification"). Numbers are in the byte order of the host that both
 * sides run on.
 *
 * <pre>
 *   0          4        8        12
 *  +----------+--------+--------+- - - - - - - -+
 *  | request  | flags  |  size  |    payload    |    flags: bits 0-1 version (1), bit 2 reply, bit 3 need_reply
 *  +----------+--------+--------+- - - - - - - -+
 *
 *  vring state       0 index (4)   4 number (4)
 *  vring address     0 index (4)   4 flags (4)   8 descriptors (8)  16 used (8)  24 available (8)  32 log (8)
 *  memory region     0 guest address (8)   8 size (8)  16 user address (8)  24 offset in the file (8)
 *  memory table      0 number (4)  4 padding   8 regions, up to 8; here up to 32
 *  single region     0 padding (8)  8 region
 *  vring descriptor  0 bits 0-7 index, bit 8 "no descriptor" (8)
 *  log               0 size (8)  8 offset in the file (8)
 *  configuration     0 offset (4)  4 size (4)  8 flags (4)  12 as many bytes as size says
 *  inflight          0 size (8)  8 offset (8)  16 queues (2)  18 queue size (2)  20 padding
 *  shared memory     0 number (4)  4 padding   8 sizes (8 each), always 256
 * </pre>
 */
public final class MessageDescriptor {

    public static final ByteOrder ORDER = ByteOrder.nativeOrder();

    public static final int REQUEST = 0;
    public static final int FLAGS = 4;
    public static final int SIZE = 8;
    public static final int HEADER_BYTES = 12;

    public static final int VERSION_MASK = 3;
    public static final int VERSION = 1;
    public static final int FLAG_REPLY = 1 << 2;
    public static final int FLAG_NEED_REPLY = 1 << 3;

    /** More than any message has; a front end that announces more is not speaking vhost-user. */
    public static final int MAX_PAYLOAD_BYTES = 4096;

    public static final int NUMBER_BYTES = 8;

    public static final int STATE_INDEX = 0;
    public static final int STATE_NUMBER = 4;
    public static final int STATE_BYTES = 8;

    public static final int ADDRESS_INDEX = 0;
    public static final int ADDRESS_FLAGS = 4;
    public static final int ADDRESS_DESCRIPTORS = 8;
    public static final int ADDRESS_USED = 16;
    public static final int ADDRESS_AVAILABLE = 24;
    public static final int ADDRESS_LOG = 32;
    public static final int ADDRESS_BYTES = 40;

    /** Bit of the flags: writes to the used ring are logged. */
    public static final int ADDRESS_FLAG_LOG = 1;

    public static final int LOG_SIZE = 0;
    public static final int LOG_OFFSET = 8;
    public static final int LOG_BYTES = 16;

    public static final int REGION_GUEST_ADDRESS = 0;
    public static final int REGION_SIZE = 8;
    public static final int REGION_USER_ADDRESS = 16;
    public static final int REGION_OFFSET = 24;
    public static final int REGION_BYTES = 32;

    public static final int TABLE_COUNT = 0;
    public static final int TABLE_REGIONS = 8;
    /** What one SET_MEM_TABLE can hold: four times as much as the specification says, and as much as rust-vmm's front ends put into it. */
    public static final int TABLE_MAX_REGIONS = 32;
    /** Most descriptors that go with one message. */
    public static final int MAX_DESCRIPTORS = TABLE_MAX_REGIONS;

    public static final int SINGLE_REGION = 8;
    public static final int SINGLE_REGION_BYTES = SINGLE_REGION + REGION_BYTES;

    public static final int VRING_INDEX_MASK = 0xff;
    public static final int VRING_NO_DESCRIPTOR = 1 << 8;

    /** Without what is behind it. */
    public static final int CONFIGURATION_BYTES = 12;

    public static final int INFLIGHT_BYTES = 24;

    public static final int SHARED_MEMORY_BYTES = 8 + 256 * 8;

    /** Answer to SET_DEVICE_STATE_FD: bits 0-7 are the error, this bit says that no descriptor comes back. */
    public static final int DEVICE_STATE_NO_DESCRIPTOR = 1 << 8;

    private MessageDescriptor() {}
}
