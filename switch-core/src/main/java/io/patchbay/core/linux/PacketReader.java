package io.patchbay.core.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/**
 * Reads frames from a {@link PacketSocket}, several by one system call, each with the header before it and, beside it, the VLAN tag that the kernel has
 * taken out.
 *
 * <p>Used by one thread at a time. Nothing here allocates after construction.
 */
public final class PacketReader {

    private static final int MESSAGE_BYTES = MessageHeader.OF_SEVERAL_BYTES;
    private static final int CONTROL_BYTES =
            MessageHeader.CONTROL_HEADER_BYTES + (int) MessageHeader.align(PacketDescriptor.AUX_BYTES);
    private static final int ETH_P_8021Q = 0x8100;

    private static final MethodHandle RECVMMSG =
            Libc.bind("recvmmsg", Libc.intOf(JAVA_INT, JAVA_LONG, JAVA_INT, JAVA_INT, JAVA_LONG));

    private final Fd socket;
    private final ReceiveBatch batch;
    private final MemorySegment state = Libc.newState();
    private final IoVector places = new IoVector(ReceiveBatch.CAPACITY);
    private final MemorySegment messages = room(MESSAGE_BYTES);
    private final MemorySegment controls = room(CONTROL_BYTES);

    PacketReader(Fd socket, ReceiveBatch batch) {
        this.socket = socket;
        this.batch = batch;
        for (int i = 0; i < ReceiveBatch.CAPACITY; i++) {
            places.set(i, batch.memory(), batch.readAt(i), batch.readBytes());
            MessageHeader.set(
                    messages.asSlice((long) i * MESSAGE_BYTES, MESSAGE_BYTES),
                    places.segment().asSlice((long) i * IoVector.BYTES, IoVector.BYTES),
                    1,
                    controls.asSlice((long) i * CONTROL_BYTES, CONTROL_BYTES),
                    CONTROL_BYTES);
        }
    }

    private static MemorySegment room(int bytes) {
        return Arena.ofAuto().allocate((long) ReceiveBatch.CAPACITY * bytes, Long.BYTES);
    }

    /**
     * Reads frames into slots; a frame that did not fit has the result {@link Errno#EMSGSIZE}. Allocates nothing.
     *
     * @param from the first slot
     * @param most how many frames, at least 1
     * @return how many were read: fewer than {@code most} if no more are waiting; {@code -errno} if none was read
     */
    public int read(int from, int most) {
        try {
            int n = (int) RECVMMSG.invokeExact(
                    state, socket.number(), messages.address() + (long) from * MESSAGE_BYTES, most, 0, 0L);
            if (n < 0) {
                return -Libc.errno(state);
            }
            for (int i = from; i < from + n; i++) {
                take(i);
            }
            return n;
        } catch (Throwable t) {
            throw Libc.impossible(t);
        }
    }

    private void take(int slot) {
        long message = (long) slot * MESSAGE_BYTES;
        boolean cut = (messages.get(JAVA_INT, message + MessageHeader.FLAGS) & MessageHeader.MSG_TRUNC) != 0;
        int length = messages.get(JAVA_INT, message + MessageHeader.OF_SEVERAL_LENGTH);
        batch.set(slot, cut ? -Errno.EMSGSIZE : length, tag(slot));
        messages.set(JAVA_LONG, message + MessageHeader.CONTROL_LENGTH, CONTROL_BYTES);
    }

    private int tag(int slot) {
        long control = (long) slot * CONTROL_BYTES;
        if (messages.get(JAVA_LONG, (long) slot * MESSAGE_BYTES + MessageHeader.CONTROL_LENGTH)
                        < MessageHeader.CONTROL_HEADER_BYTES + PacketDescriptor.AUX_BYTES
                || controls.get(JAVA_INT, control + MessageHeader.CONTROL_ITEM_LEVEL) != PacketDescriptor.SOL_PACKET
                || controls.get(JAVA_INT, control + MessageHeader.CONTROL_ITEM_TYPE)
                        != PacketDescriptor.PACKET_AUXDATA) {
            return ReceiveBatch.NO_TAG;
        }
        long aux = control + MessageHeader.CONTROL_HEADER_BYTES;
        int status = controls.get(JAVA_INT, aux + PacketDescriptor.AUX_STATUS);
        if ((status & PacketDescriptor.TP_STATUS_VLAN_VALID) == 0) {
            return ReceiveBatch.NO_TAG;
        }
        int tci = controls.get(JAVA_SHORT, aux + PacketDescriptor.AUX_VLAN_TCI) & 0xffff;
        int tpid = (status & PacketDescriptor.TP_STATUS_VLAN_TPID_VALID) != 0
                ? controls.get(JAVA_SHORT, aux + PacketDescriptor.AUX_VLAN_TPID) & 0xffff
                : ETH_P_8021Q;
        return tpid << 16 | tci;
    }
}
