package io.patchbay.vhost.ring;

import java.lang.foreign.MemorySegment;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** A driver of a split virtqueue (virtio 1.3 §2.7). */
final class SplitDriverModel extends DriverModel {

    private static final int AVAILABLE = 64 << 10;
    private static final int USED = 128 << 10;

    private final ArrayDeque<Integer> free = new ArrayDeque<>();
    private final List<List<Integer>> descriptorsOf = new ArrayList<>();
    private int available;
    private int shown;
    private int reaped;
    private int deviceUsed;

    /** @param start where all indices begin, so that they soon run over */
    SplitDriverModel(
            MemorySegment memory, int size, RingFeatures features, boolean writable, Random random, int start) {
        super(memory, size, features, writable);
        List<Integer> shuffled = new ArrayList<>();
        for (int i = 0; i < size; i++) {
            shuffled.add(i);
            descriptorsOf.add(List.of());
        }
        Collections.shuffle(shuffled, random);
        free.addAll(shuffled);
        available = start;
        shown = start;
        reaped = start;
        deviceUsed = start;
        u16(AVAILABLE + 2, start);
        u16(USED + 2, start);
    }

    @Override
    RingPlaces places() {
        return new RingPlaces(
                memory.asSlice(0, SplitRingDescriptor.descriptorsBytes(size)),
                memory.asSlice(AVAILABLE, SplitRingDescriptor.availableBytes(size)),
                memory.asSlice(USED, SplitRingDescriptor.usedBytes(size)));
    }

    @Override
    boolean hasRoom(int descriptors) {
        return free.size() >= descriptors;
    }

    @Override
    Offer offer(List<Piece> pieces, boolean viaTable) {
        List<Integer> taken = new ArrayList<>();
        for (int i = 0; i < (viaTable ? 1 : pieces.size()); i++) {
            taken.add(free.removeFirst());
        }
        int head = taken.getFirst();
        descriptorsOf.set(head, taken);
        if (viaTable) {
            long table = tableOf(head);
            buffer(16L * head, new Piece(GUEST_ADDRESS + table, 16 * pieces.size()));
            u16(16L * head + 12, INDIRECT);
            for (int i = 0; i < pieces.size(); i++) {
                link(table + 16L * i, pieces.get(i), i + 1 < pieces.size(), i + 1);
            }
        } else {
            for (int i = 0; i < pieces.size(); i++) {
                boolean more = i + 1 < pieces.size();
                link(16L * taken.get(i), pieces.get(i), more, more ? taken.get(i + 1) : 0xffff);
            }
        }
        u16(AVAILABLE + 4 + 2L * (available % size), head);
        available = (available + 1) % 65_536;
        return new Offer(head, pieces, taken.size());
    }

    private void link(long at, Piece piece, boolean more, int next) {
        buffer(at, piece);
        u16(at + 12, directionFlag() | (more ? NEXT : 0));
        u16(at + 14, next);
    }

    @Override
    boolean show() {
        boolean kick = false;
        int event = u16(USED + 4 + 8L * size);
        for (int i = shown; i != available; i = (i + 1) % 65_536) {
            kick |= features.eventIdx() ? i == event : (u16(USED) & 1) == 0;
        }
        u16(AVAILABLE + 2, available);
        shown = available;
        return kick;
    }

    @Override
    void setInterest(Random random) {
        if (features.eventIdx()) {
            u16(AVAILABLE + 4 + 2L * size, deviceUsed + random.nextInt(9) - 3);
        } else {
            u16(AVAILABLE, random.nextInt(2));
        }
    }

    @Override
    boolean mustBeNotified(List<Offer> used) {
        int event = u16(AVAILABLE + 4 + 2L * size);
        boolean wanted = false;
        for (int i = 0; i < used.size(); i++) {
            wanted |= features.eventIdx() ? deviceUsed == event : u16(AVAILABLE) == 0;
            deviceUsed = (deviceUsed + 1) % 65_536;
        }
        return wanted;
    }

    @Override
    List<Used> reap(List<Offer> outstanding) {
        List<Used> got = new ArrayList<>();
        for (int end = u16(USED + 2); reaped != end; reaped = (reaped + 1) % 65_536) {
            long entry = USED + 4 + 8L * (reaped % size);
            int id = u32(entry);
            got.add(new Used(id, u32(entry + 4)));
            free.addAll(descriptorsOf.get(id));
            descriptorsOf.set(id, List.of());
        }
        return got;
    }
}
