package io.patchbay.vhost.frontend;

import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_ADDRESS;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_BYTES;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_FLAGS;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_ID;
import static io.patchbay.vhost.ring.PackedRingDescriptor.DESCRIPTOR_LENGTH;
import static io.patchbay.vhost.ring.PackedRingDescriptor.EVENT_FLAGS_DESC;
import static io.patchbay.vhost.ring.PackedRingDescriptor.EVENT_FLAGS_DISABLE;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_AVAIL;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_USED;
import static io.patchbay.vhost.ring.PackedRingDescriptor.FLAG_WRITE;

import io.patchbay.vhost.ring.PackedRingDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/** The driver's side of a packed virtqueue (virtio 1.3 §2.8): a buffer is one descriptor, wherever the ring stands when it is offered. */
final class PackedDriverRing extends DriverRing {

    private static final ValueLayout.OfShort U16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt U32 = ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong U64 = ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final VarHandle ACQUIRE_U16 = U16.varHandle();

    private final MemorySegment descriptors;
    private final MemorySegment deviceEvent;
    private final long buffersGuestAddress;
    private int nextAvailable;
    private boolean availableWrap = true;
    private int seenUsed;
    private boolean usedWrap = true;
    private int offered;
    private int firstSlot;
    private int firstFlags;

    PackedDriverRing(RingMemory memory, int size, int bufferBytes, boolean inOrder) {
        super(memory, size, bufferBytes, inOrder);
        this.descriptors = memory.descriptors();
        this.deviceEvent = memory.used();
        this.buffersGuestAddress = memory.buffersGuestAddress();
        // Notifications are looked for by polling.
        memory.available().set(U32, 0, EVENT_FLAGS_DISABLE << 16);
    }

    @Override
    public void offerReadable(int id, int length) {
        offer(id, length, 0);
    }

    @Override
    public void offer(int id) {
        offer(id, bufferBytes(), FLAG_WRITE);
    }

    private void offer(int id, int length, int writable) {
        long at = (long) nextAvailable * DESCRIPTOR_BYTES;
        int flags = writable | (availableWrap ? FLAG_AVAIL : FLAG_USED);
        descriptors.set(U64, at + DESCRIPTOR_ADDRESS, buffersGuestAddress + bufferOffset(id));
        descriptors.set(U32, at + DESCRIPTOR_LENGTH, length);
        descriptors.set(U16, at + DESCRIPTOR_ID, (short) id);
        if (offered++ == 0) {
            firstSlot = nextAvailable;
            firstFlags = flags;
        } else {
            descriptors.set(U16, at + DESCRIPTOR_FLAGS, (short) flags);
        }
        if (++nextAvailable == size()) {
            nextAvailable = 0;
            availableWrap = !availableWrap;
        }
    }

    @Override
    public boolean publish() {
        if (offered == 0) {
            return false;
        }
        VarHandle.releaseFence();
        descriptors.set(U16, (long) firstSlot * DESCRIPTOR_BYTES + DESCRIPTOR_FLAGS, (short) firstFlags);
        VarHandle.fullFence();
        int passed = offered;
        offered = 0;
        int event = deviceEvent.get(U32, 0);
        if (event >>> 16 == EVENT_FLAGS_DESC) {
            int distance = nextAvailable
                    - PackedRingDescriptor.index(event & 0xffff)
                    + (PackedRingDescriptor.wrap(event) == availableWrap ? 0 : size());
            return distance >= 1 && distance <= passed;
        }
        return event >>> 16 != EVENT_FLAGS_DISABLE;
    }

    @Override
    boolean takeUsed() {
        long at = (long) seenUsed * DESCRIPTOR_BYTES;
        int flags = (short) ACQUIRE_U16.getAcquire(descriptors, at + DESCRIPTOR_FLAGS);
        if (!PackedRingDescriptor.isUsed(flags, usedWrap)) {
            return false;
        }
        used(descriptors.get(U16, at + DESCRIPTOR_ID) & 0xffff, descriptors.get(U32, at + DESCRIPTOR_LENGTH));
        return true;
    }

    @Override
    void passUsed() {
        if (++seenUsed == size()) {
            seenUsed = 0;
            usedWrap = !usedWrap;
        }
    }
}
