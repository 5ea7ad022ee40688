package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Several sockets on one interface, among which the kernel divides the flows it receives (PACKET_FANOUT).
 *
 * <pre>
 *   0       2     8              16
 *  +-------+-----+--------------+
 *  | count |     | instructions |   sock_fprog ({@code <linux/filter.h>})
 *  +-------+-----+--------------+
 *
 *   0      2    3    4       8
 *  +------+----+----+-------+
 *  | code | jt | jf | value |   sock_filter: an instruction
 *  +------+----+----+-------+
 * </pre>
 *
 * <p>By itself each socket would hear everything, so each is deaf until all have joined the group.
 */
public final class PacketFanout {

    private static final int FANOUT_HASH = 0;
    private static final int FANOUT_UNIQUE_ID = 0x2000;
    private static final int FANOUT_IGNORE_OUTGOING = 0x4000;

    private static final int PROGRAM_BYTES = 16;
    private static final int PROGRAM_COUNT = 0;
    private static final int PROGRAM_INSTRUCTIONS = 8;
    private static final int INSTRUCTION_BYTES = 8;
    private static final int INSTRUCTION_CODE = 0;
    private static final short BPF_RETURN_CONSTANT = 6;

    private PacketFanout() {}

    /**
     * Opens sockets on an interface of the calling thread's namespace: each frame comes to one of them, and none of them hears what any of them sends.
     *
     * @param count of sockets; one alone is a socket like any other
     */
    public static List<PacketSocket> open(String interfaceName, int index, PacketSocket.Options options, int count) {
        if (count == 1) {
            return List.of(PacketSocket.open(interfaceName, index, options));
        }
        List<PacketSocket> sockets = new ArrayList<>();
        try {
            Optional<Integer> group = Optional.empty();
            for (int i = 0; i < count; i++) {
                PacketSocket socket = PacketSocket.open(interfaceName, index, options, PacketFanout::deafen);
                sockets.add(socket);
                group = Optional.of(join(socket, group));
            }
            sockets.forEach(PacketFanout::listen);
            return List.copyOf(sockets);
        } catch (RuntimeException e) {
            sockets.forEach(PacketSocket::close);
            throw e;
        }
    }

    /** Attaches a filter of one instruction: take 0 bytes. */
    private static void deafen(PacketSocket socket) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment instruction = arena.allocate(INSTRUCTION_BYTES, Long.BYTES);
            instruction.set(JAVA_SHORT, INSTRUCTION_CODE, BPF_RETURN_CONSTANT);
            MemorySegment program = arena.allocate(PROGRAM_BYTES, Long.BYTES);
            program.set(JAVA_SHORT, PROGRAM_COUNT, (short) 1);
            program.set(JAVA_LONG, PROGRAM_INSTRUCTIONS, instruction.address());
            socket.set(SocketOptions.SOL_SOCKET, SocketOptions.SO_ATTACH_FILTER, program, "SO_ATTACH_FILTER");
        }
    }

    private static void listen(PacketSocket socket) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment nothing = arena.allocateFrom(JAVA_INT, 0);
            socket.set(SocketOptions.SOL_SOCKET, SocketOptions.SO_DETACH_FILTER, nothing, "SO_DETACH_FILTER");
        }
    }

    /** Has a socket join a group, or found one, and says which it is. */
    private static int join(PacketSocket socket, Optional<Integer> group) {
        int flags = FANOUT_HASH | FANOUT_IGNORE_OUTGOING | (group.isEmpty() ? FANOUT_UNIQUE_ID : 0);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocateFrom(JAVA_INT, flags << 16 | group.orElse(0));
            socket.set(PacketDescriptor.PACKET_FANOUT, value, "PACKET_FANOUT");
        }
        return socket.get(PacketDescriptor.SOL_PACKET, PacketDescriptor.PACKET_FANOUT, "PACKET_FANOUT") & 0xffff;
    }
}
