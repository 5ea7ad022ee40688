package io.patchbay.vhost.ring;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** A driver of a packed virtqueue (virtio 1.3 §2.8). */
final class PackedDriverModel extends DriverModel {

    private static final int DRIVER_EVENT = 192 << 10;
    private static final int DEVICE_EVENT = DRIVER_EVENT + 64;
    private static final int AVAIL = 1 << 7;
    private static final int USED = 1 << 15;

    /** A place in the ring and the wrap counter there. */
    private record Place(int index, boolean wrap) {

        Place next(int size) {
            return index + 1 < size ? new Place(index + 1, wrap) : new Place(0, !wrap);
        }

        int bits() {
            return index | (wrap ? 1 << 15 : 0);
        }
    }

    private final List<Integer> freeIds = new ArrayList<>();
    private int freeDescriptors;
    private Place available;
    private Place shown;
    private Place reaped;
    private Place deviceUsed;

    PackedDriverModel(MemorySegment memory, int size, RingFeatures features, boolean writable, Random random, int at) {
        super(memory, size, features, writable);
        for (int i = 0; i < size; i++) {
            freeIds.add(i);
        }
        Collections.shuffle(freeIds, random);
        freeDescriptors = size;
        available = new Place(at & 0x7fff, at >> 15 == 1);
        shown = available;
        reaped = available;
        deviceUsed = available;
        // What the rounds before have left: used descriptors, of this round before the place and of the one before it
        // behind.
        for (int i = 0; i < size; i++) {
            boolean wrap = (i < available.index()) == available.wrap();
            u16(16L * i + 14, wrap ? AVAIL | USED : 0);
        }
    }

    @Override
    RingPlaces places() {
        return new RingPlaces(
                memory.asSlice(0, 16L * size), memory.asSlice(DRIVER_EVENT, 4), memory.asSlice(DEVICE_EVENT, 4));
    }

    @Override
    boolean hasRoom(int descriptors) {
        return freeDescriptors >= descriptors;
    }

    @Override
    Offer offer(List<Piece> pieces, boolean viaTable) {
        int id = freeIds.removeLast();
        int count = viaTable ? 1 : pieces.size();
        freeDescriptors -= count;
        Place head = available;
        int headFlags = 0;
        for (int i = 0; i < count; i++) {
            long at = 16L * available.index();
            int flags = (available.wrap() ? AVAIL : USED) | (i + 1 < count ? NEXT : 0);
            if (viaTable) {
                flags |= INDIRECT;
                table(id, pieces);
                buffer(at, new Piece(GUEST_ADDRESS + tableOf(id), 16 * pieces.size()));
            } else {
                flags |= directionFlag();
                buffer(at, pieces.get(i));
            }
            // Only the id of the last counts.
            u16(at + 12, i + 1 < count ? 0xffff : id);
            if (i == 0) {
                headFlags = flags;
            } else {
                u16(at + 14, flags);
            }
            available = available.next(size);
        }
        u16(16L * head.index() + 14, headFlags);
        return new Offer(id, pieces, count);
    }

    private void table(int id, List<Piece> pieces) {
        for (int i = 0; i < pieces.size(); i++) {
            long at = tableOf(id) + 16L * i;
            buffer(at, pieces.get(i));
            u16(at + 12, 0xffff);
            u16(at + 14, directionFlag());
        }
    }

    @Override
    boolean show() {
        int flags = u16(DEVICE_EVENT + 2);
        boolean kick = false;
        for (; !shown.equals(available); shown = shown.next(size)) {
            kick |= flags == 0 || flags == 2 && shown.bits() == u16(DEVICE_EVENT);
        }
        return kick;
    }

    @Override
    void setInterest(Random random) {
        int flags = random.nextInt(features.eventIdx() ? 3 : 2);
        Place event = deviceUsed;
        for (int i = random.nextInt(2 * size); i > 0; i--) {
            event = event.next(size);
        }
        u16(DRIVER_EVENT, event.bits());
        u16(DRIVER_EVENT + 2, flags);
    }

    @Override
    boolean mustBeNotified(List<Offer> used) {
        int flags = u16(DRIVER_EVENT + 2);
        boolean wanted = false;
        for (Offer offer : used) {
            for (int i = 0; i < offer.descriptors(); i++) {
                wanted |= flags == 0 || flags == 2 && deviceUsed.bits() == u16(DRIVER_EVENT);
                deviceUsed = deviceUsed.next(size);
            }
        }
        return wanted;
    }

    @Override
    List<Used> reap(List<Offer> outstanding) {
        List<Used> got = new ArrayList<>();
        while (got.size() < outstanding.size()) {
            long at = 16L * reaped.index();
            if ((u16(at + 14) & (AVAIL | USED)) != (reaped.wrap() ? AVAIL | USED : 0)) {
                return got;
            }
            int id = u16(at + 12);
            int written = (u16(at + 14) & WRITE) != 0 ? u32(at + 8) : 0;
            // One used descriptor stands for a chain, or with VIRTIO_F_IN_ORDER for all up to the one it names.
            Offer offer = outstanding.get(got.size());
            while (features.usedInBatches() && offer.id() != id) {
                got.add(free(offer, 0));
                offer = outstanding.get(got.size());
            }
            got.add(free(outstanding.get(got.size()), written, id));
        }
        return got;
    }

    private Used free(Offer offer, int written) {
        return free(offer, written, offer.id());
    }

    private Used free(Offer offer, int written, int id) {
        for (int i = 0; i < offer.descriptors(); i++) {
            reaped = reaped.next(size);
        }
        freeDescriptors += offer.descriptors();
        freeIds.addFirst(id);
        return new Used(id, written);
    }
}
