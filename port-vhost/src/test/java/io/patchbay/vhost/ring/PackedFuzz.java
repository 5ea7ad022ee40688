package io.patchbay.vhost.ring;

import io.patchbay.vhost.fuzz.Input;
import io.patchbay.vhost.fuzz.SyntheticGuest;

/**
 * Fuzz target: a packed ring of any size, from any position, whose driver knows how its flags go round, and lies with any of them. Beyond {@link
 * RingFuzz}: whatever happens the ring stands at a position that is one, and goes on over another ring made there, as after a change of memory.
 */
public final class PackedFuzz {

    private static final SyntheticGuest GUEST = new SyntheticGuest();
    private static final int LARGEST = 200;

    private PackedFuzz() {}

    public static void fuzzerTestOneInput(byte[] bytes) {
        Input input = new Input(bytes);
        int kind = input.u8();
        int size = 1 + input.u8() % LARGEST;
        boolean writable = (kind & 1) != 0;
        RingFeatures features = new RingFeatures((kind & 2) != 0, (kind & 4) == 0, !writable && (kind & 8) != 0);
        boolean wrap = (kind & 16) != 0;
        GUEST.clear();
        PackedRing ring = at(PackedRingDescriptor.position(input.u8() % size, wrap), size, features);
        Chain chain = new Chain();
        ChainBatch batch = new ChainBatch();
        while (!input.isEmpty()) {
            switch (input.u8() & 7) {
                case 0, 1 -> {
                    int waiting = ring.available(1 + input.u8() % size);
                    if (waiting == DeviceRing.BROKEN
                            || serve(ring, Math.min(waiting, 1 + (input.u8() & 7)), writable, chain, input)) {
                        return; // must not be touched again
                    }
                }
                case 2 -> {
                    int waiting = ring.available(1 + input.u8() % size);
                    if (waiting == DeviceRing.BROKEN) {
                        return;
                    }
                    ring.readBatch(Math.min(waiting, 64), writable, batch);
                    check(batch, Math.min(waiting, 64));
                }
                case 3 -> {
                    var _ = ring.enableKicks();
                    ring.disableKicks();
                }
                case 4 -> ring = at((int) ring.position() & 0xffff, size, features);
                default -> write(ring, input, size);
            }
            if (!RingLayout.PACKED.isValidBase(ring.position(), size)) {
                throw new AssertionError("a ring of " + size + " stands at 0x" + Long.toHexString(ring.position()));
            }
        }
    }

    private static PackedRing at(int position, int size, RingFeatures features) {
        return new PackedRing(size, GUEST.packedRing(size), features, position, GUEST.memory());
    }

    /** A descriptor where the ring looks for the next ones, available in this round or nearly so; or anything. */
    private static void write(PackedRing ring, Input input, int size) {
        int where = input.u8();
        if (where >= 240) {
            GUEST.write(input, size);
            return;
        }
        int position = (int) ring.position() & 0xffff;
        int index = PackedRingDescriptor.index(position) + where % 8;
        boolean wrap = PackedRingDescriptor.wrap(position) ^ index >= size;
        int flags = input.u8();
        int lie = flags & 0xf0;
        int round = (wrap ? PackedRingDescriptor.FLAG_AVAIL : PackedRingDescriptor.FLAG_USED)
                ^ (lie == 0xf0 ? PackedRingDescriptor.FLAG_AVAIL | PackedRingDescriptor.FLAG_USED : 0)
                ^ (lie == 0xe0 ? PackedRingDescriptor.FLAG_USED : 0);
        GUEST.packedDescriptor(index % size, input.u8() % (size + 1), flags & 7 | round, input);
    }

    /** Takes chains as the loops do; true if the ring broke. */
    private static boolean serve(PackedRing ring, int n, boolean writable, Chain chain, Input input) {
        int[] heads = new int[n];
        for (int i = 0; i < n; i++) {
            chain.clear();
            ChainResult result = ring.read(i, writable, chain);
            if (result == ChainResult.BROKEN) {
                return true;
            }
            RingFuzz.check(chain, ring.size());
            heads[i] = chain.head(0);
            if ((input.u8() & 3) == 0) {
                write(ring, input, ring.size());
            }
        }
        RingFuzz.giveBack(ring, heads, (input.u8() & 1) == 0);
        return false;
    }

    private static void check(ChainBatch batch, int chains) {
        for (int i = 0; i < chains; i++) {
            long length = batch.length(i);
            if (length > 0
                    && (batch.offset(i) < 0
                            || batch.offset(i) + length > batch.base(i).byteSize())) {
                throw new AssertionError("a buffer outside memory");
            }
        }
    }
}
