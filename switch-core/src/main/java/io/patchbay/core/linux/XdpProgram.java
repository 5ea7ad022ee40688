package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The XDP program that hands every frame an interface receives to the AF_XDP socket of its receive queue, and leaves those of queues without a socket to
 * the host: in the words of bpf(2) {@code return bpf_redirect_map(&sockets, context->rx_queue_index, XDP_PASS)}.
 *
 * <pre>
 *   0      4          8            12            16             28
 *  +------+----------+------------+-------------+----- - - ----+--------+
 *  | type | key size | value size | max entries |              | name   |   bpf_attr of BPF_MAP_CREATE ({@code <linux/bpf.h>})
 *  +------+----------+------------+-------------+----- - - ----+--------+
 *
 *   0        8     16      24
 *  +--------+-----+-------+-------+
 *  | map fd | key | value | flags |   of BPF_MAP_UPDATE_ELEM
 *  +--------+-----+-------+-------+
 *
 *   0      4       8              16        24          28         32
 *  +------+-------+--------------+---------+-----------+----------+------------+- - -
 *  | type | count | instructions | licence | log level | log size | log buffer |   of BPF_PROG_LOAD; at 48 the name
 *  +------+-------+--------------+---------+-----------+----------+------------+- - -
 *
 *   0            4         8             12
 *  +------------+---------+-------------+-------+
 *  | program fd | ifindex | attach type | flags |   of BPF_LINK_CREATE
 *  +------------+---------+-------------+-------+
 *
 *   0        1           2        4
 *  +--------+-----------+--------+-----------+
 *  | opcode | src | dst | offset | immediate |   bpf_insn
 *  +--------+-----------+--------+-----------+
 * </pre>
 *
 * <p>It is attached by a link, which the kernel takes away with the last descriptor of it: also if the process is killed. Needs Linux 5.9.
 */
public final class XdpProgram implements AutoCloseable {

    private static final long SYS_BPF = System.getProperty("os.arch").equals("aarch64") ? 280 : 321;

    private static final int BPF_MAP_CREATE = 0;
    private static final int BPF_MAP_UPDATE_ELEM = 2;
    private static final int BPF_PROG_LOAD = 5;
    private static final int BPF_LINK_CREATE = 28;
    private static final int BPF_MAP_TYPE_XSKMAP = 17;
    private static final int BPF_PROG_TYPE_XDP = 6;
    private static final int BPF_XDP = 37;
    private static final int XDP_FLAGS_SKB_MODE = 2;
    private static final int XDP_FLAGS_DRV_MODE = 4;

    private static final int ATTRIBUTE_BYTES = 72;
    private static final int MAP_NAME = 28;
    private static final int PROGRAM_INSTRUCTIONS = 8;
    private static final int PROGRAM_LICENCE = 16;
    private static final int PROGRAM_NAME = 48;
    private static final String NAME = "patchbay";
    private static final String LICENCE = "Apache-2.0";

    private static final byte LOAD_WORD = 0x61; // BPF_LDX | BPF_MEM | BPF_W
    private static final byte LOAD_WIDE = 0x18; // BPF_LD | BPF_IMM | BPF_DW, of two slots
    private static final byte MOVE = (byte) 0xb7; // BPF_ALU64 | BPF_MOV | BPF_K
    private static final byte CALL = (byte) 0x85; // BPF_JMP | BPF_CALL
    private static final byte EXIT = (byte) 0x95; // BPF_JMP | BPF_EXIT
    private static final int BPF_PSEUDO_MAP_FD = 1;
    private static final int RX_QUEUE_INDEX = 16; // in struct xdp_md
    private static final int BPF_REDIRECT_MAP = 51;
    private static final int XDP_PASS = 2;
    private static final int INSTRUCTION_BYTES = 8;
    private static final int INSTRUCTIONS = 6;

    private static final MethodHandle SYSCALL =
            Libc.bindVariadic("syscall", Libc.longOf(JAVA_LONG, JAVA_INT, JAVA_LONG, JAVA_LONG), 1);

    private final Fd link;
    private final boolean inDriver;

    private XdpProgram(Fd link, boolean inDriver) {
        this.link = link;
        this.inDriver = inDriver;
    }

    /**
     * Attaches the program to an interface of the calling thread's namespace: in the driver where that can do it, in the stack otherwise.
     *
     * @param sockets of the interface's receive queues, in their order
     * @throws LinuxException with EBUSY or EEXIST if the interface has a program already, and EPERM if the process may not
     */
    public static XdpProgram attach(String interfaceName, int index, List<XdpSocket> sockets) {
        try (Arena arena = Arena.ofConfined();
                Fd map = createMap(arena, sockets.size());
                Fd program = load(arena, map)) {
            for (int q = 0; q < sockets.size(); q++) {
                put(arena, map, q, sockets.get(q).number());
            }
            return link(arena, program, interfaceName, index);
        }
    }

    private static Fd createMap(Arena arena, int entries) {
        MemorySegment attributes = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
        attributes.set(JAVA_INT, 0, BPF_MAP_TYPE_XSKMAP);
        attributes.set(JAVA_INT, 4, Integer.BYTES);
        attributes.set(JAVA_INT, 8, Integer.BYTES);
        attributes.set(JAVA_INT, 12, entries);
        name(attributes, MAP_NAME);
        return Fd.adopt(bpf(BPF_MAP_CREATE, attributes, "bpf(BPF_MAP_CREATE)", "of sockets"));
    }

    private static void put(Arena arena, Fd map, int key, int socket) {
        MemorySegment attributes = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
        attributes.set(JAVA_INT, 0, map.number());
        attributes.set(JAVA_LONG, 8, arena.allocateFrom(JAVA_INT, key).address());
        attributes.set(JAVA_LONG, 16, arena.allocateFrom(JAVA_INT, socket).address());
        int _ = bpf(BPF_MAP_UPDATE_ELEM, attributes, "bpf(BPF_MAP_UPDATE_ELEM)", "queue " + key);
    }

    private static Fd load(Arena arena, Fd map) {
        MemorySegment code = arena.allocate((long) INSTRUCTIONS * INSTRUCTION_BYTES, Long.BYTES);
        instruction(code, 0, LOAD_WORD, 2, 1, RX_QUEUE_INDEX, 0);
        instruction(code, 1, LOAD_WIDE, 1, BPF_PSEUDO_MAP_FD, 0, map.number()); // and the empty slot behind it
        instruction(code, 3, MOVE, 3, 0, 0, XDP_PASS);
        instruction(code, 4, CALL, 0, 0, 0, BPF_REDIRECT_MAP);
        instruction(code, 5, EXIT, 0, 0, 0, 0);
        MemorySegment attributes = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
        attributes.set(JAVA_INT, 0, BPF_PROG_TYPE_XDP);
        attributes.set(JAVA_INT, 4, INSTRUCTIONS);
        attributes.set(JAVA_LONG, PROGRAM_INSTRUCTIONS, code.address());
        attributes.set(JAVA_LONG, PROGRAM_LICENCE, arena.allocateFrom(LICENCE).address());
        name(attributes, PROGRAM_NAME);
        return Fd.adopt(bpf(BPF_PROG_LOAD, attributes, "bpf(BPF_PROG_LOAD)", "to redirect frames"));
    }

    private static void instruction(
            MemorySegment code, int slot, byte opcode, int target, int source, int offset, int immediate) {
        long at = (long) slot * INSTRUCTION_BYTES;
        code.set(JAVA_BYTE, at, opcode);
        code.set(JAVA_BYTE, at + 1, (byte) (source << 4 | target));
        code.set(JAVA_SHORT, at + 2, (short) offset);
        code.set(JAVA_INT, at + 4, immediate);
    }

    private static XdpProgram link(Arena arena, Fd program, String interfaceName, int index) {
        MemorySegment attributes = arena.allocate(ATTRIBUTE_BYTES, Long.BYTES);
        attributes.set(JAVA_INT, 0, program.number());
        attributes.set(JAVA_INT, 4, index);
        attributes.set(JAVA_INT, 8, BPF_XDP);
        try {
            return new XdpProgram(link(attributes, XDP_FLAGS_DRV_MODE, interfaceName), true);
        } catch (LinuxException e) {
            if (isFinal(e.errno())) {
                throw e;
            }
            // The driver has no XDP, or not with this MTU or so many queues.
            return new XdpProgram(link(attributes, XDP_FLAGS_SKB_MODE, interfaceName), false);
        }
    }

    private static boolean isFinal(int errno) {
        return errno == Errno.EBUSY || errno == Errno.EEXIST || errno == Errno.EPERM || errno == Errno.ENODEV;
    }

    private static Fd link(MemorySegment attributes, int flags, String interfaceName) {
        attributes.set(JAVA_INT, 12, flags);
        return Fd.adopt(bpf(BPF_LINK_CREATE, attributes, "bpf(BPF_LINK_CREATE)", interfaceName));
    }

    private static void name(MemorySegment attributes, long at) {
        MemorySegment.copy(
                MemorySegment.ofArray(NAME.getBytes(StandardCharsets.US_ASCII)), 0, attributes, at, NAME.length());
    }

    private static int bpf(int command, MemorySegment attributes, String call, String subject) {
        MemorySegment state = Libc.state();
        try {
            long result =
                    (long) SYSCALL.invokeExact(state, SYS_BPF, command, attributes.address(), attributes.byteSize());
            return (int) Libc.check(result, state, call, subject);
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    /** Whether it runs in the driver, before the kernel makes anything of a frame; otherwise later and slower. */
    public boolean isInDriver() {
        return inDriver;
    }

    /** Takes the program off the interface. */
    @Override
    public void close() {
        link.close();
    }
}
