package io.patchbay.core.linux;

/**
 * Layouts of io_uring ({@code <linux/io_uring.h>}).
 *
 * <pre>
 *   0     4      8       20         40                 80                    120
 *  +-----+------+-------+----------+------------------+---------------------+
 *  | sqe | cqe  | flags | features | offsets of sq    | offsets of cq       |   io_uring_params; sqe and cqe are numbers of entries
 *  +-----+------+-------+----------+------------------+---------------------+
 *
 *   0      4      8      12        16      20        24      28
 *  +------+------+------+---------+-------+---------+-------+- -+
 *  | head | tail | mask | entries | flags | dropped | array |   |   io_sqring_offsets
 *  +------+------+------+---------+-------+---------+-------+- -+
 *  | head | tail | mask | entries | overflow | cqes | flags |   |   io_cqring_offsets
 *  +------+------+------+---------+----------+------+-------+- -+
 *
 *   0        1       4    8        16        24    28         32          40       64
 *  +--------+-------+----+--------+---------+-----+----------+-----------+- - - -+
 *  | opcode | flags | fd | offset | address | len | rw flags | user data |       |   io_uring_sqe
 *  +--------+-------+----+--------+---------+-----+----------+-----------+- - - -+
 *
 *   0           8        12      16
 *  +-----------+--------+-------+
 *  | user data | result | flags |   io_uring_cqe
 *  +-----------+--------+-------+
 * </pre>
 *
 * <p>Requests lie in a mapping of their own, and the submission ring is an array of their numbers. Where the rings' fields are within the other mapping
 * only the kernel knows; it says so when it has made them.
 */
final class IoUringDescriptor {

    static final int PARAMETERS_BYTES = 120;
    static final int PARAMETERS_FEATURES = 20;
    static final int PARAMETERS_SQ = 40;
    static final int PARAMETERS_CQ = 80;
    /** Both rings are in one mapping, which is not so before Linux 5.4. */
    static final int FEATURE_SINGLE_MMAP = 1;

    static final int SQ_HEAD = PARAMETERS_SQ;
    static final int SQ_TAIL = PARAMETERS_SQ + 4;
    static final int SQ_ARRAY = PARAMETERS_SQ + 24;
    static final int SQ_NUMBER_BYTES = 4;
    static final int CQ_HEAD = PARAMETERS_CQ;
    static final int CQ_TAIL = PARAMETERS_CQ + 4;
    static final int CQ_CQES = PARAMETERS_CQ + 20;

    /** What to map: the rings, and the requests. */
    static final long PAGE_OFFSET_RINGS = 0;

    static final long PAGE_OFFSET_REQUESTS = 0x1000_0000L;

    static final int REQUEST_BYTES = 64;
    static final int REQUEST_OPERATION = 0;
    static final int REQUEST_FLAGS = 1;
    static final int REQUEST_FD = 4;
    static final int REQUEST_OFFSET = 8;
    static final int REQUEST_ADDRESS = 16;
    static final int REQUEST_LENGTH = 24;
    static final int REQUEST_RW_FLAGS = 28;
    static final int REQUEST_USER_DATA = 32;

    static final byte OPERATION_WRITEV = 2;
    static final byte OPERATION_READ = 22;
    static final byte OPERATION_WRITE = 23;
    /** The descriptor is a place among the files registered with the ring. */
    static final byte FLAG_FIXED_FILE = 1;

    static final int RWF_NOWAIT = 8;
    /** In {@link #REQUEST_OFFSET}: wherever the file stands, or what it has no position for. */
    static final long OFFSET_NONE = -1;

    static final int COMPLETION_BYTES = 16;
    static final int COMPLETION_USER_DATA = 0;
    static final int COMPLETION_RESULT = 8;

    static final long SYSCALL_SETUP = 425;
    static final long SYSCALL_ENTER = 426;
    static final long SYSCALL_REGISTER = 427;
    static final long ENTER_GETEVENTS = 1;
    static final long REGISTER_FILES = 2;
    static final long UNREGISTER_FILES = 3;

    private IoUringDescriptor() {}
}
